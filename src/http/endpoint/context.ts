import type { Context, MiddlewareHandler } from 'hono';
import type { Bindings } from '../../config/config.ts';
import type { Database } from '../../db/client/database.ts';
import { framesOf, log } from '../../log.ts';
import { Problem } from '../../problem.ts';
import { drain } from '../request/drain.ts';
import { readTrace, type Trace } from '../request/trace-context.ts';
import { setCorsHeaders, setSecurityHeaders } from '../response/headers.ts';

/** What every handler finds in its context. */
export interface Variables {
  requestId: string;
  trace: Trace | undefined;
  /** Of the token, once it has been checked. */
  tenantId: string | undefined;
  /** The database, opened for the caller; endpoints that need none have none. */
  db: Database;
  /** The claim of the request's `Idempotency-Key`, if it has one. */
  idempotency: { key: string; hash: string } | undefined;
}

export interface Env {
  Bindings: Bindings;
  Variables: Variables;
}

/** Names the request, finishes what every response carries (CONTRACT §1), and writes its line in the log. */
export function requestContext({ name, access }: { name: string; access: string }): MiddlewareHandler<Env> {
  const isPrivate = access !== 'public';
  return async (c, next) => {
    const start = performance.now();
    nameRequest(c);
    await next();
    await drain(c.req.raw);
    const { headers } = c.res;
    headers.set('X-Request-Id', c.var.requestId);
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', isPrivate ? 'private, no-cache' : 'no-cache');
    if (isPrivate) headers.set('Vary', 'Authorization, X-Tenant-Token');
    setSecurityHeaders(headers);
    setCorsHeaders(c, headers);
    if (c.var.db?.roundTrips) {
      const { milliseconds, roundTrips } = c.var.db;
      const trips = `${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`;
      headers.set('Server-Timing', `db;dur=${milliseconds.toFixed(1)};desc="${trips}"`);
    }
    logRequest(c, name, c.res.status, start);
  };
}

/** One line for each request, unless `LOG_LEVEL` is `warn`. `function` is null where no route was found. */
function logRequest(c: Context<Env>, name: string | null, status: number, start: number): void {
  if (c.env?.LOG_LEVEL === 'warn') return;
  const { requestId, trace, tenantId, db } = c.var;
  log('info', 'request', {
    request_id: requestId,
    ...(trace ? { trace_id: trace.id } : {}),
    tenant: tenantId ?? null,
    function: name,
    method: c.req.method,
    status,
    ms: Math.round(performance.now() - start),
    db_ms: Math.round(db?.milliseconds ?? 0),
    round_trips: db?.roundTrips ?? 0,
    rows: db?.rows ?? 0,
  });
}

/** Gives the request its id, an incoming one if it is fit, and its part of a trace. */
export function nameRequest(c: Context<Env>): void {
  const given = c.req.header('X-Request-Id');
  c.set('requestId', given && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID());
  c.set('trace', readTrace(c.req.header('traceparent')));
}

/** The response to whatever was thrown below a handler. What is no `Problem` is a bug: 500, and a line in the log. */
export function onError(error: Error, c: Context<Env>): Response {
  if (error instanceof Problem) return error.toResponse(c.var.requestId);
  log('error', 'bug', { request_id: c.var.requestId, ...framesOf(error) });
  return new Problem('internal', 'Something is broken on our side.').toResponse(c.var.requestId);
}

/**
 * What a path answers that no route has: 404, or for a known path 204 to `OPTIONS` and 405 to other methods,
 * both with `Allow` (RFC 9110 §9.3.7, §15.5.6).
 */
export function unrouted(routes: { method: string; path: string }[]): (c: Context<Env>) => Promise<Response> {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  }));
  return async (c) => {
    const start = performance.now();
    nameRequest(c);
    await drain(c.req.raw);
    const methods = known.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    return finish(c, answer(methods, c), start);
  };
}

/** Finishes a response that no endpoint has made, as {@link requestContext} does the others, and logs the request. */
export function finish(c: Context<Env>, response: Response, start: number, name: string | null = null): Response {
  const { headers } = response;
  headers.set('X-Request-Id', c.var.requestId);
  setSecurityHeaders(headers);
  setCorsHeaders(c, headers, headers.get('Allow') ?? undefined);
  logRequest(c, name, response.status, start);
  return response;
}

function answer(methods: string[], c: Context<Env>): Response {
  if (methods.length === 0) {
    return new Problem('not_found', 'There is nothing at this path.').toResponse(c.var.requestId);
  }
  const Allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') {
    return new Response(null, { status: 204, headers: { Allow, 'Cache-Control': 'no-store' } });
  }
  return new Problem('method_not_allowed', `${c.req.method} is not possible here.`, { headers: { Allow } }).toResponse(
    c.var.requestId,
  );
}
