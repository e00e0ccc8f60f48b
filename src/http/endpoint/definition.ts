import type { SuccessStatusCode } from 'hono/utils/http-status';
import type * as z from 'zod';
import type { ProblemCode } from '../../problem.ts';
import type { Role } from '../auth/tokens.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Who may call an endpoint: everybody, or the lowest role that may. */
export type Access = 'public' | Role;

/**
 * Everything that is to be known of an endpoint. Its route, authentication, validation, preconditions, idempotency and
 * success status, its part of the OpenAPI document and the types of callers are all made from it.
 */
export interface Definition {
  /** `operationId` in the document, name of the file and of the deployed function, and `operation_id` in the log. */
  name: string;
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
  /** Whether the endpoint takes `If-Match`. */
  ifMatch?: boolean;
  /** Without a schema the response has no body. */
  success: { status: SuccessStatusCode; description: string; schema?: z.ZodType; mediaType?: string };
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

/** Whether an endpoint takes `If-None-Match` and `Onetrip-Consistency`: every GET with a token. */
export function isConditionalRead({ method, access }: Pick<Definition, 'method' | 'access'>): boolean {
  return method === 'get' && access !== 'public';
}
