import type { Context } from 'hono';
import type { ListRepresentation, Representation } from '../../db/client/read.ts';
import type { WriteResult } from '../../db/client/write.ts';
import type { Env } from '../env.ts';
import { rawQuery } from '../request/query-string.ts';

/** What a query function returns, for the response to be made of. */
export type Result<T> = Representation<T> | ListRepresentation<T> | WriteResult<T>;

/** The response that an endpoint makes of what its query function has returned. */
export function respond<T>(c: Context<Env>, result: Result<T>): Response {
  if ('status' in result) return writeResponse(result);
  return 'nextCursor' in result ? listResponse(c, result) : representationResponse(result);
}

/** 200 with the representation, or 304 where the caller has it. */
function representationResponse<T>({ etag, body }: Representation<T>, headers: Record<string, string> = {}): Response {
  return jsonResponse(body === null ? 304 : 200, body, { ...headers, ETag: `"${etag}"` });
}

/** The status of the write with `Location` and `ETag`, or the response that is stored for the idempotency key. */
function writeResponse<T>({ status, location, etag, body, replayed }: WriteResult<T>): Response {
  return jsonResponse(status, body, {
    ...(etag ? { ETag: `"${etag}"` } : {}),
    ...(location ? { Location: location } : {}),
    ...(replayed ? { 'Idempotency-Replayed': 'true' } : {}),
  });
}

/**
 * A list, with a `Link` to its next page (RFC 8288) where there is one. The link is a relative reference (§3.1): the host
 * in a request is what its sender, or a cache on the way, put there, and cursor and token would follow it anywhere.
 */
function listResponse<T>(c: Context<Env>, { nextCursor, ...page }: ListRepresentation<T>): Response {
  if (!nextCursor) return representationResponse(page);
  const next = new URLSearchParams(rawQuery(c.req.url));
  next.delete('skip');
  next.set('cursor', nextCursor);
  return representationResponse(page, { Link: `<${c.req.path}?${next}>; rel="next"` });
}

/** 200 with JSON that does not come from the database. */
export function okResponse(value: unknown): Response {
  return jsonResponse(200, JSON.stringify(value), {});
}

/**
 * What an HTML page may load and send (Content Security Policy, level 3): what this host serves, and images that stand in
 * the style sheet. No script and no style in the page itself, and nothing that makes code of text.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  ...["base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'"],
].join('; ');

/** An HTML page whose scripts and styles are files of the same host. */
export function htmlResponse(html: string): Response {
  return new Response(html, {
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': PAGE_POLICY },
  });
}

function jsonResponse(status: number, body: string | null, headers: Record<string, string>): Response {
  const type = body === null ? {} : { 'Content-Type': 'application/json' };
  return new Response(body, { status, headers: { ...type, ...headers } });
}
