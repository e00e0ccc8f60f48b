import type { Context, Hono } from 'hono';
import type * as z from 'zod';
import type { ListRepresentation, Representation } from '../../db/client/read.ts';
import type { WriteResult } from '../../db/client/write.ts';
import { signIn } from '../auth/sign-in.ts';
import type { Role } from '../auth/tokens.ts';
import type { Env } from '../env.ts';
import { conditionalRequest } from '../request/conditional-request.ts';
import { respond } from '../response/responses.ts';
import type { Definition } from './definition.ts';
import { serve } from './serve.ts';

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

/** What the body of a successful response is. */
export type Output<D extends Definition> = D['success'] extends { schema: infer S extends z.ZodType }
  ? z.output<S>
  : never;

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

/** What a query function returns, for the response to be made of. */
export type Result<T> = Representation<T> | ListRepresentation<T> | WriteResult<T>;

/**
 * Makes the function of one endpoint that needs a token. Its handler reads the inputs, calls one query function with
 * `c.var.read` or `c.var.write`, and returns what that gives; everything else follows from the definition.
 */
export function endpoint<const D extends Definition & { access: Role }>(
  definition: D,
  handler: (c: EndpointContext<D>) => Promise<Result<Output<D>>>,
): Endpoint<D> {
  const middleware = [signIn(definition), conditionalRequest(definition)];
  return serve(definition, middleware, async (c) => respond(c, await handler(c as EndpointContext<D>)));
}
