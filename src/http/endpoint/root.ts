import type { Context } from 'hono';
import type { Env } from '../env.ts';
import { drain } from '../request/drain.ts';
import { assignRequestId, finishResponse } from './request-context.ts';

/** The route of `/`, which is no endpoint: it leads a reader to the page at `/docs`. */
export const ROOT_ROUTE = { method: 'GET', path: '/' };

/** 302 to `/docs` (RFC 9110 §15.4.3). A browser keeps the fragment, in which a token can be. */
export async function redirectToDocs(c: Context<Env>): Promise<Response> {
  const start = performance.now();
  assignRequestId(c);
  await drain(c.req.raw);
  const response = new Response(null, { status: 302, headers: { Location: '/docs', 'Cache-Control': 'no-cache' } });
  return finishResponse(c, response, start, 'root');
}
