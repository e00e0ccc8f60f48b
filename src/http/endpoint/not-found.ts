import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';
import { drain } from '../request/drain.ts';
import { assignRequestId, finishResponse } from './request-context.ts';

/**
 * The response to a request that no route matches: 404 for an unknown path; for a known one 204 to `OPTIONS` and 405 to
 * other methods, both with `Allow` (RFC 9110 §9.3.7, §15.5.6).
 */
export function notFoundHandler(routes: { method: string; path: string }[]): (c: Context<Env>) => Promise<Response> {
  const known = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: routePattern(path),
  }));
  return async (c) => {
    const start = performance.now();
    assignRequestId(c);
    await drain(c.req.raw);
    const methods = known.filter(({ pattern }) => pattern.test(c.req.path)).map(({ method }) => method);
    return finishResponse(c, responseFor(methods, c), start);
  };
}

/** What paths of a route look like. */
export function routePattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`);
}

/** @param methods those that the path has */
function responseFor(methods: string[], c: Context<Env>): Response {
  const { requestId } = c.var;
  if (methods.length === 0) return new Problem('not_found', 'There is nothing at this path.').toResponse(requestId);
  const Allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (c.req.method === 'OPTIONS') {
    return new Response(null, { status: 204, headers: { Allow, 'Cache-Control': 'no-store' } });
  }
  return new Problem('method_not_allowed', `${c.req.method} is not possible here.`, { headers: { Allow } }).toResponse(
    requestId,
  );
}
