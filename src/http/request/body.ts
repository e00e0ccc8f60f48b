import type { Context, MiddlewareHandler } from 'hono';
import { Problem, validationFailed } from '../../problem.ts';
import type { Env } from '../env.ts';
import { idempotencyClaim } from './idempotency-key.ts';
import { jsonPointer, MAX_ERRORS, parseJsonObject, readBytes } from './strict-json.ts';

/**
 * Reads the body under the rules of docs/api-conventions.md, "Request bodies", of which JSON.parse alone holds few. What
 * follows finds the object in `c.req.json()`.
 * @param takesKey whether the endpoint takes an idempotency key, whose claim covers the bytes of the body
 */
export function strictBody(takesKey: boolean): MiddlewareHandler<Env> {
  return async (c, next) => {
    checkMediaType(c.req.method, c.req.header('Content-Type'), c.req.header('Content-Encoding'));
    const bytes = await readBytes(c.req.raw);
    const value = parseJsonObject(bytes);
    c.req.json = async () => value as never;
    await claimKey(c, bytes, takesKey);
    await next();
  };
}

/**
 * For a POST that takes no body: there may be none, or an empty object, because some clients always send one.
 * @param takesKey whether the endpoint takes an idempotency key
 */
export function noBody(takesKey: boolean): MiddlewareHandler<Env> {
  return async (c, next) => {
    const bytes = await readBytes(c.req.raw);
    if (bytes.length > 0) {
      checkMediaType(c.req.method, c.req.header('Content-Type'), c.req.header('Content-Encoding'));
      refuseMembers(parseJsonObject(bytes));
    }
    await claimKey(c, bytes, takesKey);
    await next();
  };
}

/** Refuses a body of a request that takes none, unless it is empty. */
export function refuseMembers(body: Record<string, unknown>): void {
  const names = Object.keys(body).slice(0, MAX_ERRORS);
  if (names.length === 0) return;
  const message = 'is not a member that can be sent here';
  throw validationFailed(names.map((name) => ({ pointer: jsonPointer([name]), code: 'unknown_member', message })));
}

/** Refuses a malformed key also where the endpoint takes none, as for the platform, so that nobody relies on it. */
async function claimKey(c: Context<Env>, body: Uint8Array, takesKey: boolean): Promise<void> {
  const idempotency = await idempotencyClaim(c, body);
  if (takesKey) c.set('write', { ...c.var.write, idempotency });
}

/** @throws Problem `unsupported_media_type` for a body that is anything but uncompressed JSON in UTF-8 */
export function checkMediaType(
  method: string,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const accepted = method === 'PATCH' ? ['application/json', 'application/merge-patch+json'] : ['application/json'];
  if (!accepted.includes(type)) {
    throw new Problem('unsupported_media_type', `Content-Type must be ${accepted.join(' or ')}.`);
  }
  // All charsets that are named, because a header can name several.
  const charsets = parameters.flatMap((parameter) => /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1] ?? []);
  if (charsets.some((charset) => charset.trim() !== 'utf-8')) {
    throw new Problem('unsupported_media_type', 'The charset must be UTF-8.');
  }
  if (contentEncoding && contentEncoding.trim().toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'The body must not be compressed.');
  }
}
