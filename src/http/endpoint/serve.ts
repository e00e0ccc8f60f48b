import { zValidator } from '@hono/zod-validator';
import { Hono, type MiddlewareHandler, type TypedResponse } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import * as z from 'zod';
import { validationFailed } from '../../problem.ts';
import { noBody, strictBody } from '../request/body.ts';
import { memberErrors } from '../request/member-errors.ts';
import { parseQueryString } from '../request/query-string.ts';
import { type Env, onError, requestContext, unrouted } from './context.ts';
import type { Definition, Endpoint, EndpointContext, Output } from './endpoint.ts';

/** What an endpoint does once its inputs are valid. */
export type Handler<D extends Definition> = (
  c: EndpointContext<D>,
) => Promise<Response & TypedResponse<Output<D>, StatusCode, 'json'>>;

/**
 * Makes the function of one endpoint: a whole Hono app at its full path, which serves alone.
 * The order is the contract's: route, token, role, query and path, then the body.
 * @param gates what stands between the route and the inputs. They are handed in, so that a function which needs no
 *   token and no database carries neither.
 */
export function serve<const D extends Definition>(
  definition: D,
  gates: MiddlewareHandler<Env>[],
  handler: Handler<D>,
): Endpoint<D> {
  const { params, query, body } = definition;
  const path: string = definition.path;
  const handlers: MiddlewareHandler<Env>[] = [
    requestContext(definition),
    ...gates,
    strictQuery(new Set(definition.repeatable)),
    validate('param', params),
    validate('query', query),
    ...(body ? [strictBody, validate('json', body)] : definition.method === 'post' ? [noBody] : []),
    handler as unknown as MiddlewareHandler<Env>,
  ];
  // Not strict: one trailing slash is ignored (CONTRACT §1).
  const app = new Hono<Env>({ strict: false });
  app.onError(onError);
  app.notFound(unrouted([definition]));
  app.on(definition.method.toUpperCase(), [path], ...handlers);
  return Object.assign(app, { definition }) as unknown as Endpoint<D>;
}

/** Refuses what Hono's own decoding would let through; it is right for what is left. */
function strictQuery(repeatable: Set<string>): MiddlewareHandler<Env> {
  return async (c, next) => {
    parseQueryString(c.req.url, repeatable);
    await next();
  };
}

const KINDS = { param: 'path', query: 'query', json: 'body' } as const;

/** @hono/zod-validator, with a 400 that names the members at fault. Without a schema nothing is taken. */
function validate(target: keyof typeof KINDS, schema: z.ZodObject = z.strictObject({})): MiddlewareHandler<Env> {
  return zValidator(target, schema, (result) => {
    if (!result.success) throw validationFailed(memberErrors(result.error, KINDS[target]));
  }) as unknown as MiddlewareHandler<Env>;
}
