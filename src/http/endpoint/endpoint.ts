import type { Context, Hono } from 'hono';
import type { SuccessStatusCode } from 'hono/utils/http-status';
import type * as z from 'zod';
import type { ProblemCode } from '../../problem.ts';
import { type Access, signIn } from '../auth/sign-in.ts';
import type { Role } from '../auth/tokens.ts';
import type { Env } from './context.ts';
import { type Handler, serve } from './serve.ts';

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

/** What the body of its success is. */
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

/**
 * Makes the function of one endpoint that needs a token, see {@link serve}: it carries what checks the token and what
 * asks the database. One that everybody may call is a `publicEndpoint`.
 */
export function endpoint<const D extends Definition & { access: Role }>(
  definition: D,
  handler: Handler<D>,
): Endpoint<D> {
  return serve(definition, [signIn(definition)], handler);
}
