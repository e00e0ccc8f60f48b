import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import { sha256 } from '../../sha256.ts';
import type { Env } from '../env.ts';
import { rawQuery } from './query-string.ts';

/**
 * The claim that an `Idempotency-Key` makes for this request (draft-ietf-httpapi-idempotency-key-header, with the quotes
 * optional): the key, and a digest of the request that it stands for, which is method, path with query, and raw body.
 * @throws Problem `invalid_request` for a key of another form.
 */
export async function idempotencyClaim(
  c: Context<Env>,
  body: Uint8Array,
): Promise<{ key: string; hash: string } | undefined> {
  const header = c.req.header('Idempotency-Key');
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new Problem('invalid_request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.');
  }
  // A trailing slash makes no other request: Hono has taken it off the path.
  const query = rawQuery(c.req.url);
  const head = new TextEncoder().encode(`${c.req.method} ${c.req.path}${query && '?'}${query}\n`);
  const request = new Uint8Array(head.length + body.length);
  request.set(head);
  request.set(body, head.length);
  return { key, hash: await sha256(request) };
}
