import type { Context, MiddlewareHandler } from 'hono';
import { DatabaseError } from '../../db/client/errors.ts';
import { framesOf, log } from '../../log.ts';
import { Problem } from '../../problem.ts';
import { telemetry } from '../../telemetry.ts';
import type { Env } from '../env.ts';
import { drain } from '../request/drain.ts';
import { echoDryRun } from '../request/dry-run.ts';
import { readTrace } from '../request/trace-context.ts';
import { setCorsHeaders, setSecurityHeaders } from '../response/headers.ts';
import { problemOf } from '../response/problem-of.ts';
import type { Definition } from './definition.ts';

/** Gives a request its id, finishes the headers that every response has, and writes the request's line in the log. */
export function requestContext(
  definition: Pick<Definition, 'operationId' | 'method' | 'access'>,
): MiddlewareHandler<Env> {
  const { operationId, access } = definition;
  const isPrivate = access !== 'public';
  return async (c, next) => {
    const start = performance.now();
    assignRequestId(c);
    await next();
    await drain(c.req.raw);
    const { headers } = c.res;
    headers.set('X-Request-Id', c.var.requestId);
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', isPrivate ? 'private, no-cache' : 'no-cache');
    if (isPrivate) headers.set('Vary', 'Authorization, X-Tenant-Token');
    echoDryRun(c, definition, headers);
    const { rateLimitPolicy } = c.var;
    if (rateLimitPolicy && !headers.has('RateLimit-Policy')) headers.set('RateLimit-Policy', rateLimitPolicy);
    setSecurityHeaders(headers);
    setCorsHeaders(c, headers);
    if (c.var.db?.roundTrips) {
      const { milliseconds, roundTrips } = c.var.db;
      const trips = `${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`;
      headers.set('Server-Timing', `db;dur=${milliseconds.toFixed(1)};desc="${trips}"`);
    }
    logRequest(c, operationId, c.res.status, start);
  };
}

/** Finishes a response that no endpoint has made as {@link requestContext} does the others, and logs the request. */
export function finishResponse(
  c: Context<Env>,
  response: Response,
  start: number,
  operationId: string | null = null,
): Response {
  const { headers } = response;
  headers.set('X-Request-Id', c.var.requestId);
  setSecurityHeaders(headers);
  setCorsHeaders(c, headers, headers.get('Allow') ?? undefined);
  logRequest(c, operationId, response.status, start);
  return response;
}

/**
 * Counts a request, and writes its line in the log, unless `LOG_LEVEL` is `warn`. `operation_id` is null where no route
 * matched.
 */
function logRequest(c: Context<Env>, operationId: string | null, status: number, start: number): void {
  const ms = performance.now() - start;
  telemetry.onRequest(operationId, status, ms);
  if (c.env?.LOG_LEVEL === 'warn') return;
  const { requestId, trace, tenantId, db } = c.var;
  log('info', 'request', {
    request_id: requestId,
    ...(trace ? { trace_id: trace.id } : {}),
    tenant: tenantId ?? null,
    operation_id: operationId,
    method: c.req.method,
    status,
    ms: Math.round(ms),
    db_ms: Math.round(db?.milliseconds ?? 0),
    round_trips: db?.roundTrips ?? 0,
    rows: db?.rows ?? 0,
    ...(db?.isDryRun ? { dry_run: true } : {}),
  });
}

/** Gives the request its id, which is the one in `X-Request-Id` if that can be used, and reads its trace context. */
export function assignRequestId(c: Context<Env>): void {
  const given = c.req.header('X-Request-Id');
  c.set('requestId', given && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID());
  c.set('trace', readTrace(c.req.header('traceparent')));
}

/** The response to whatever was thrown below a handler. An error of another kind is a bug: 500, and a line in the log. */
export function onError(error: Error, c: Context<Env>): Response {
  if (error instanceof Problem) return error.toResponse(c.var.requestId);
  if (error instanceof DatabaseError) return problemOf(error).toResponse(c.var.requestId);
  log('error', 'bug', { request_id: c.var.requestId, ...framesOf(error) });
  return new Problem('internal', 'Something is broken on our side.').toResponse(c.var.requestId);
}
