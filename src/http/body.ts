import type { MiddlewareHandler } from 'hono';
import type { Env } from './context.ts';
import { idempotencyClaim } from './idempotency.ts';
import { Problem } from './problems.ts';
import { parseJsonObject, readBytes } from './strict-json.ts';

/**
 * Reads the body under the input rules (CONTRACT §3), which JSON.parse alone does not hold, and takes the
 * idempotency claim over its bytes. What follows finds the object in `c.req.json()`.
 */
export const strictBody: MiddlewareHandler<Env> = async (c, next) => {
  checkMediaType(c.req.method, c.req.header('Content-Type'), c.req.header('Content-Encoding'));
  const bytes = await readBytes(c.req.raw);
  const value = parseJsonObject(bytes);
  c.req.json = async () => value as never;
  c.set('idempotency', await idempotencyClaim(c, bytes));
  await next();
};

/** For a POST that takes no body: what is sent all the same means nothing, but belongs to the idempotency claim. */
export const noBody: MiddlewareHandler<Env> = async (c, next) => {
  c.set('idempotency', await idempotencyClaim(c, await readBytes(c.req.raw)));
  await next();
};

function checkMediaType(method: string, contentType: string | undefined, contentEncoding: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const accepted = method === 'PATCH' ? ['application/json', 'application/merge-patch+json'] : ['application/json'];
  if (!accepted.includes(type)) {
    throw new Problem('unsupported_media_type', `Content-Type must be ${accepted.join(' or ')}.`);
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset && !['charset=utf-8', 'charset="utf-8"'].includes(charset)) {
    throw new Problem('unsupported_media_type', 'The charset must be UTF-8.');
  }
  if (contentEncoding && contentEncoding.trim().toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'The body must not be compressed.');
  }
}
