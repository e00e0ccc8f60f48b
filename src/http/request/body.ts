import type { MiddlewareHandler } from 'hono';
import { Problem, validationFailed } from '../../problem.ts';
import type { Env } from '../endpoint/context.ts';
import { idempotencyClaim } from './idempotency-key.ts';
import { jsonPointer, parseJsonObject, readBytes } from './strict-json.ts';

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

/** For a POST that takes no body: nothing, or an empty object, which some clients cannot help sending. */
export const noBody: MiddlewareHandler<Env> = async (c, next) => {
  const bytes = await readBytes(c.req.raw);
  if (bytes.length > 0) {
    checkMediaType(c.req.method, c.req.header('Content-Type'), c.req.header('Content-Encoding'));
    const names = Object.keys(parseJsonObject(bytes));
    if (names.length > 0) {
      const message = 'is not a member that can be sent here';
      throw validationFailed(names.map((name) => ({ pointer: jsonPointer([name]), code: 'unknown_member', message })));
    }
  }
  c.set('idempotency', await idempotencyClaim(c, bytes));
  await next();
};

function checkMediaType(method: string, contentType: string | undefined, contentEncoding: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const accepted = method === 'PATCH' ? ['application/json', 'application/merge-patch+json'] : ['application/json'];
  if (!accepted.includes(type)) {
    throw new Problem('unsupported_media_type', `Content-Type must be ${accepted.join(' or ')}.`);
  }
  // Every charset that is named, so that a second one cannot hide behind the first.
  const charsets = parameters.flatMap((parameter) => /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1] ?? []);
  if (charsets.some((charset) => charset.trim() !== 'utf-8')) {
    throw new Problem('unsupported_media_type', 'The charset must be UTF-8.');
  }
  if (contentEncoding && contentEncoding.trim().toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'The body must not be compressed.');
  }
}
