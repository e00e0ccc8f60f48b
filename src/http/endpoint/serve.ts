import { zValidator } from '@hono/zod-validator';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import * as z from 'zod';
import { validationFailed } from '../../problem.ts';
import type { Env } from '../env.ts';
import { noBody, strictBody } from '../request/body.ts';
import { memberErrors, parseForErrors } from '../request/member-errors.ts';
import { strictQuery } from '../request/query-string.ts';
import { type Definition, type Endpoint, takesIdempotencyKey } from './definition.ts';
import { notFoundHandler } from './not-found.ts';
import { onError, requestContext } from './request-context.ts';

/**
 * Makes the function of one endpoint: a whole Hono app at its full path, which serves alone. A request is checked in the
 * order of docs/api-conventions.md: route, token, role, query and path, then the body.
 * @param middleware runs between the route and the validation of inputs. It is handed in, so that a function which needs
 *   no token and no database does not have their code in its bundle.
 */
export function serve<D extends Definition>(
  definition: D,
  middleware: MiddlewareHandler<Env>[],
  handler: (c: Context<Env>) => Promise<Response>,
): Endpoint<D> {
  const { body, method, protocol } = definition;
  const path: string = definition.path;
  const takesKey = takesIdempotencyKey(definition);
  const noneOrEmpty = method === 'post' && !protocol ? [noBody(takesKey)] : [];
  const handlers: MiddlewareHandler<Env>[] = [
    requestContext(definition),
    ...middleware,
    ...inputs(definition, body ? [strictBody(takesKey)] : noneOrEmpty),
    (c) => handler(c),
  ];
  // Not strict: one trailing slash is ignored.
  const app = new Hono<Env>({ strict: false });
  app.onError(onError);
  app.notFound(notFoundHandler([definition]));
  app.on(method.toUpperCase(), [path], ...handlers);
  return Object.assign(app, { definition }) as unknown as Endpoint<D>;
}

/**
 * Reads and validates what a request has of an endpoint's inputs.
 * @param readBody leaves the body to `c.req.json()`
 */
export function inputs(
  { params, query, repeatable, body }: Definition,
  readBody: MiddlewareHandler<Env>[],
): MiddlewareHandler<Env>[] {
  return [
    strictQuery(repeatable),
    validate('param', params),
    validate('query', query),
    ...readBody,
    ...(body ? [validate('json', body)] : []),
  ];
}

/** Where the members are, by Hono's names for it. */
const LOCATIONS = { param: 'path', query: 'query', json: 'body' } as const;

/** @hono/zod-validator, with a 400 that names the members at fault. Without a schema no member is taken. */
function validate(target: keyof typeof LOCATIONS, schema: z.ZodObject = z.strictObject({})): MiddlewareHandler<Env> {
  return zValidator(
    target,
    schema,
    (result) => {
      if (!result.success) throw validationFailed(memberErrors(result.error, LOCATIONS[target]));
    },
    { validationFunction: parseForErrors },
  ) as unknown as MiddlewareHandler<Env>;
}
