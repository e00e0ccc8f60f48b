import { zValidator } from '@hono/zod-validator';
import { type Context, Hono, type MiddlewareHandler, type TypedResponse } from 'hono';
import type { StatusCode, SuccessStatusCode } from 'hono/utils/http-status';
import * as z from 'zod';
import { noBody, strictBody } from './body.ts';
import { type Env, onError, requestContext, unrouted } from './context.ts';
import { memberErrors } from './member-errors.ts';
import { type ProblemCode, validationFailed } from './problems.ts';
import { parseQueryString } from './query-string.ts';
import { type Access, signIn } from './sign-in.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Everything that is to be known of an endpoint, once: the route, who may call it, what it takes and gives. Routing,
 * validation, the OpenAPI document and the callers' types are made from it.
 */
export interface Definition {
  /** `operationId` in the document, and the name of the deployed function. */
  name: string;
  tag: 'Projects' | 'Tasks' | 'Tags' | 'Trash' | 'Audit' | 'Tenants' | 'Meta';
  method: Method;
  /** Hono's spelling, with `:id`. */
  path: `/${string}`;
  summary: string;
  description?: string;
  access: Access;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Query parameters that may be repeated. */
  repeatable?: string[];
  body?: z.ZodObject;
  /** An example of the body, for the document. */
  example?: Record<string, unknown>;
  /** Whether it heeds `If-Match`. */
  ifMatch?: boolean;
  /** Without a schema it answers with nothing. */
  success: { status: SuccessStatusCode; description: string; schema?: z.ZodType; mediaType?: string };
  /** What it can answer beyond what its access, method and inputs imply. */
  problems?: ProblemCode[];
}

type Shape<S, None> = S extends z.ZodType ? S : None;
type Part<D, K extends string> = D extends Record<K, infer S> ? S : undefined;

interface Inputs<D extends Definition> {
  in: {
    param: z.input<Shape<Part<D, 'params'>, z.ZodObject<Record<never, never>>>>;
    query: z.input<Shape<Part<D, 'query'>, z.ZodObject<Record<never, never>>>>;
    json: Part<D, 'body'> extends z.ZodType ? z.input<Part<D, 'body'>> : unknown;
  };
  out: {
    param: z.output<Shape<Part<D, 'params'>, z.ZodObject<Record<never, never>>>>;
    query: z.output<Shape<Part<D, 'query'>, z.ZodObject<Record<never, never>>>>;
    json: Part<D, 'body'> extends z.ZodType ? z.output<Part<D, 'body'>> : never;
  };
}

type Output<D extends Definition> = D['success'] extends { schema: infer S extends z.ZodType } ? z.output<S> : never;

/** A function that serves one endpoint, with its types for `hc` (hono/client). */
export type Endpoint<D extends Definition> = Hono<
  Env,
  {
    [P in D['path']]: {
      [M in `$${D['method']}`]: {
        input: Inputs<D>['in'];
        output: Output<D>;
        outputFormat: 'json';
        status: D['success']['status'];
      };
    };
  },
  '/'
> & { definition: D };

/** What a handler gets: Hono's context, with inputs that have been validated. */
export type EndpointContext<D extends Definition> = Context<Env, D['path'], Inputs<D>>;

/**
 * Makes the function of one endpoint: a whole Hono app at its full path, which serves alone.
 * The order is the contract's: route, token, role, query and path, then the body.
 */
export function endpoint<const D extends Definition>(
  definition: D,
  handler: (c: EndpointContext<D>) => Promise<Response & TypedResponse<Output<D>, StatusCode, 'json'>>,
): Endpoint<D> {
  const { access, params, query, body } = definition;
  const path: string = definition.path;
  const handlers: MiddlewareHandler<Env>[] = [
    requestContext(access === 'public' ? 'no-cache' : 'private, no-cache'),
    signIn(access),
    strictQuery(new Set(definition.repeatable)),
    validate('param', params),
    validate('query', query),
    ...(body ? [strictBody, validate('json', body)] : definition.method === 'post' ? [noBody] : []),
    handler as unknown as MiddlewareHandler<Env>,
  ];
  const app = new Hono<Env>();
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
