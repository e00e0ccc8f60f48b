import { createHmac, type KeyObject, sign } from 'node:crypto';

/*
 * Makes JWS in compact form (RFC 7515 §7.1) out of any header and payload, also out of those that no library would
 * sign: a forger has none of its scruples.
 */

/** Its JSON, or as it is. */
export type Part = object | string | Uint8Array;

export function base64url(part: Part): string {
  const raw = typeof part === 'string' || part instanceof Uint8Array;
  return Buffer.from(raw ? part : JSON.stringify(part)).toString('base64url');
}

/** Signs with HMAC, whatever the header says. */
export function hmac(header: Part, payload: Part, secret: string | Uint8Array, hash = 'sha256'): string {
  return seal(`${base64url(header)}.${base64url(payload)}`, secret, hash);
}

/** Signs what is encoded already, well or not. */
export function seal(input: string, secret: string | Uint8Array, hash = 'sha256'): string {
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`;
}

/** Signs with a private key as RS256, ES256 or EdDSA do (RFC 7518 §3, RFC 8037 §3.1), whatever the header says. */
export function signed(
  header: Part,
  payload: Part,
  key: KeyObject,
  options: { hash?: string; dsaEncoding?: 'der' | 'ieee-p1363' } = {},
): string {
  const { hash = 'sha256', dsaEncoding = 'ieee-p1363' } = options;
  const input = `${base64url(header)}.${base64url(payload)}`;
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : hash;
  return `${input}.${sign(algorithm, Buffer.from(input), { key, dsaEncoding }).toString('base64url')}`;
}
