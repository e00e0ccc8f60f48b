import type { Context, MiddlewareHandler } from 'hono';
import type { Caller, Database } from '../db/client.ts';
import type { Bindings } from './config.ts';
import { setCorsHeaders, setSecurityHeaders } from './headers.ts';
import { Problem } from './problems.ts';

/** What every handler finds in its context. */
export interface Variables {
  requestId: string;
  /** The database, opened for the caller; endpoints that need none have none. */
  db: Database;
  /** The claim of the request's `Idempotency-Key`, if it has one. */
  idempotency: { key: string; hash: string } | undefined;
}

export interface Env {
  Bindings: Bindings;
  Variables: Variables;
}

export type { Caller };

/** Names the request, and finishes what every response carries (CONTRACT §1). */
export function requestContext(cacheControl: string): MiddlewareHandler<Env> {
  return async (c, next) => {
    nameRequest(c);
    await next();
    const { headers } = c.res;
    headers.set('X-Request-Id', c.var.requestId);
    headers.set('Cache-Control', cacheControl);
    if (cacheControl.startsWith('private')) headers.set('Vary', 'Authorization, X-Tenant-Token');
    setSecurityHeaders(headers);
    setCorsHeaders(c, headers);
    if (c.var.db?.roundTrips) {
      const { milliseconds, roundTrips } = c.var.db;
      const trips = `${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`;
      headers.set('Server-Timing', `db;dur=${milliseconds.toFixed(1)};desc="${trips}"`);
    }
  };
}

function nameRequest(c: Context<Env>): void {
  const given = c.req.header('X-Request-Id');
  c.set('requestId', given && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID());
}

/** The response to whatever was thrown below a handler. What is no `Problem` is a bug: 500, and a line in the log. */
export function onError(error: Error, c: Context<Env>): Response {
  if (error instanceof Problem) return error.toResponse(c.var.requestId);
  console.error(JSON.stringify({ level: 'error', event: 'bug', request_id: c.var.requestId, stack: error.stack }));
  return new Problem('internal', 'Something is broken on our side.').toResponse(c.var.requestId);
}

/**
 * What a path answers that no route has: 404, or for a known path 204 to `OPTIONS` and 405 to other methods,
 * both with `Allow` (RFC 9110 §9.3.7, §15.5.6).
 */
export function unrouted(routes: { method: string; path: string }[]): (c: Context<Env>) => Response {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`),
  }));
  return (c) => {
    nameRequest(c);
    const methods = known.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    const response = answer(methods, c);
    const { headers } = response;
    headers.set('X-Request-Id', c.var.requestId);
    setSecurityHeaders(headers);
    setCorsHeaders(c, headers, headers.get('Allow') ?? undefined);
    return response;
  };
}

function answer(methods: string[], c: Context<Env>): Response {
  if (methods.length === 0) {
    return new Problem('not_found', 'There is nothing at this path.').toResponse(c.var.requestId);
  }
  const Allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') return new Response(null, { status: 204, headers: { Allow } });
  return new Problem('method_not_allowed', `${c.req.method} is not possible here.`, { headers: { Allow } }).toResponse(
    c.var.requestId,
  );
}
