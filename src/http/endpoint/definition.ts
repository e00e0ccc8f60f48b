import type { Context, Hono } from 'hono';
import type { SuccessStatusCode } from 'hono/utils/http-status';
import type * as z from 'zod';
import type { ProblemCode } from '../../problem.ts';
import type { Role } from '../auth/tokens.ts';
import type { Env } from '../env.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who may call an endpoint: everybody, or the lowest role that may. */
export type Access = 'public' | Role;

/**
 * Everything that is to be known of an endpoint. Its route, authentication, validation, preconditions, idempotency and
 * success status, its part of the OpenAPI document and the types of callers are all made from it.
 */
export interface Definition {
  /** In the OpenAPI document and, as `operation_id`, in the log. The file and the deployed function are named after it. */
  operationId: string;
  method: Method;
  /** Hono's spelling, with `:id`. */
  path: `/${string}`;
  summary: string;
  /** What a caller should know beyond the summary. */
  description: string;
  access: Access;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Query parameters that may be repeated. */
  repeatable?: string[];
  body?: z.ZodObject;
  /** An example of the body, for the document. */
  example?: Record<string, unknown>;
  /** Whether it is read from the database itself always, because a read replica could show what has been, and lack the cursor. */
  neverEventual?: boolean;
  /** Whether the endpoint takes `If-Match`. */
  ifMatch?: boolean;
  /**
   * Without a schema the response has no body. `made` describes the 201, with `Location`, of a PUT that has made what it would
   * otherwise have changed; the schema is the same.
   */
  success: { status: SuccessStatusCode; description: string; schema?: z.ZodType; mediaType?: string; made?: string };
  /** The problems that it can respond with, beyond those that its access, method and inputs imply. */
  problems?: ProblemCode[];
}

/**
 * Whether an endpoint takes `Idempotency-Key`: every POST and PATCH of a tenant. Keys are stored with the rows of a
 * tenant, so requests of the platform have none; PUT and DELETE are idempotent by themselves (RFC 9110 §9.2.2).
 */
export function takesIdempotencyKey({ method, access }: Pick<Definition, 'method' | 'access'>): boolean {
  return (method === 'post' || method === 'patch') && access !== 'platform' && access !== 'public';
}

/** Whether an endpoint takes `If-None-Match`: every GET with a token. */
export function isConditionalRead({ method, access }: Pick<Definition, 'method' | 'access'>): boolean {
  return method === 'get' && access !== 'public';
}

/** Whether an endpoint takes `Onetrip-Consistency`, which lets a read replica answer. */
export function mayBeEventual(definition: Pick<Definition, 'method' | 'access' | 'neverEventual'>): boolean {
  return isConditionalRead(definition) && !definition.neverEventual;
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

/** What the body of a successful response is. */
export type Output<D extends Definition> = D['success'] extends { schema: infer S extends z.ZodType }
  ? z.output<S>
  : never;

/** A function that serves one endpoint. */
export type Endpoint<D extends Definition> = Hono<Env> & { definition: D };

/** One that needs a token. `answer` is what it does with a request that has been signed in and validated. */
export type GuardedEndpoint<D extends Definition> = Endpoint<D> & { answer: (c: Context<Env>) => Promise<Response> };

/** What a handler gets: Hono's context, with inputs that have been validated. */
export type EndpointContext<D extends Definition> = Context<Env, D['path'], Inputs<D>>;
