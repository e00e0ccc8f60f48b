import type { Context, TypedResponse } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type { Answer, JsonText, WriteAnswer } from '../../db/client/representation.ts';
import { Problem } from '../../problem.ts';
import type { Env } from '../endpoint/context.ts';
import { rawQuery } from '../request/query-string.ts';

type Json<T> = Response & TypedResponse<T, StatusCode, 'json'>;

/** 200 with the answer, or 304 where the caller has it. */
export function ok<T>({ etag, body }: Answer<T>, headers: Record<string, string> = {}): Json<T> {
  return json(body === null ? 304 : 200, body, { ...headers, ETag: `"${etag}"` });
}

/** What a write answers: its own status, `Location` and `ETag`, or those stored for its idempotency key. */
export function written<T>({ status, location, etag, body, replayed }: WriteAnswer<T>): Json<T> {
  return json(status, body, {
    ...(etag ? { ETag: `"${etag}"` } : {}),
    ...(location ? { Location: location } : {}),
    ...(replayed ? { 'Idempotency-Replayed': 'true' } : {}),
  });
}

/**
 * A list, with a `Link` to its next page (RFC 8288) where there is one: a relative reference (§3.1), because the host in
 * a request is what its sender, or a cache between, put there, and cursor and token would follow it anywhere.
 * @throws Problem `not_found` where what the list belongs to is not there
 */
export function listed<T>(
  c: Context<Env>,
  answer: (Answer<T> & { nextCursor: string | null }) | undefined,
  owner = 'list',
): Json<T> {
  if (!answer) throw notFound(owner);
  if (!answer.nextCursor) return ok(answer);
  const next = new URLSearchParams(rawQuery(c.req.url));
  next.delete('skip');
  next.set('cursor', answer.nextCursor);
  return ok(answer, { Link: `<${c.req.path}?${next}>; rel="next"` });
}

/** 200 with JSON that the database has no part in. */
export function plain<const T>(value: T): Json<T> {
  return json(200, JSON.stringify(value) as JsonText<T>, {});
}

/** 204. */
export function done(): Json<never> {
  return json(204, null, {});
}

/**
 * A page of ours, which may load nothing from another host, and run and apply nothing but what has one of these digests
 * (Content Security Policy, level 3, §2.3.1 hash-source).
 */
export function page(html: string, { script, style }: { script: string; style: string }): Json<never> {
  const own = `script-src '${script}'; style-src '${style}'; connect-src 'self'`;
  return new Response(html, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; ${own}; base-uri 'none'; frame-ancestors 'none'; form-action 'none'`,
      'Referrer-Policy': 'no-referrer',
    },
  }) as Json<never>;
}

/** 404, the same for what never was, what is trashed and what is another tenant's. */
export function notFound(resource: string): Problem {
  return new Problem('not_found', `There is no such ${resource}.`);
}

function json<T>(status: number, body: JsonText<T> | null, headers: Record<string, string>): Json<T> {
  const type = body === null ? {} : { 'Content-Type': 'application/json' };
  return new Response(body, { status, headers: { ...type, ...headers } }) as Json<T>;
}
