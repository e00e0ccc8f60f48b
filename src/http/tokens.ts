import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import type { Config } from './config.ts';
import { Problem } from './problems.ts';
import { guid } from './schemas.ts';

export type Role = 'viewer' | 'member' | 'admin' | 'platform';

/** Who a valid token speaks for. `platform` has no tenant, every other role has one. */
export interface Principal {
  role: Role;
  tenantId?: string;
  /** `sub`: who acts, for the audit log. */
  subject?: string;
}

/** Seconds by which clocks may differ. */
const LEEWAY = 30;

const instant = z.number().lt(2 ** 53);

const claims = z
  .object({
    exp: instant,
    nbf: instant.optional(),
    iat: instant.optional(),
    sub: z
      .string()
      .regex(/^\P{Cc}*$/u)
      .refine((sub) => sub.isWellFormed() && [...sub].length <= 255)
      .optional(),
    role: z.enum(['viewer', 'member', 'admin', 'platform']).default('member'),
    tenant_id: guid.refine((id) => id !== '00000000-0000-0000-0000-000000000000').optional(),
  })
  .refine(({ role, tenant_id }) => (role === 'platform') === (tenant_id === undefined))
  .refine(({ iat }) => iat === undefined || iat <= Date.now() / 1000 + LEEWAY);

/** Three parts of base64url without padding (RFC 7515 §7.1). jose would also take the standard alphabet. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Checks a JWT: signature under the pinned family of algorithms, `exp`, `nbf`, `iat`, `iss`, `aud` and our own claims
 * (CONTRACT §2). The database is not asked.
 * @throws Problem `unauthenticated`, or `unavailable` where a needed key could not be had.
 */
export async function verifyToken(token: string, { keys, issuer, audience }: Config['tokens']): Promise<Principal> {
  const options = {
    ...(issuer ? { issuer } : {}),
    ...(audience ? { audience } : {}),
    clockTolerance: LEEWAY,
    requiredClaims: ['exp'],
  };
  try {
    if (!COMPACT.test(token)) throw unauthenticated();
    const { payload } =
      'secret' in keys
        ? await jwtVerify(token, await secretKey(keys.secret), { ...options, algorithms: ['HS256'] })
        : await jwtVerify(token, keySet(keys.jwksUrl), { ...options, algorithms: ['RS256', 'ES256', 'EdDSA'] });
    const { role, tenant_id, sub } = claims.parse(payload);
    return { role, ...(tenant_id ? { tenantId: tenant_id } : {}), ...(sub === undefined ? {} : { subject: sub }) };
  } catch (error) {
    throw error instanceof Problem ? error : unauthenticated();
  }
}

/** 401. It does not say what was wrong with the token: that would help only who made it up. */
export function unauthenticated(detail = 'The token is missing, malformed, expired or not ours.'): Problem {
  return new Problem('unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

const secretKeys = new Map<string, Promise<CryptoKey>>();

function secretKey(secret: string): Promise<CryptoKey> {
  let key = secretKeys.get(secret);
  if (!key) {
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    key = crypto.subtle.importKey('raw', new TextEncoder().encode(secret), hmac, false, ['verify']);
    secretKeys.set(secret, key);
  }
  return key;
}

const keySets = new Map<string, JWTVerifyGetKey>();

/** The keys at a URL, cached and fetched again for an unknown `kid`; a key server that fails is not the token's fault. */
function keySet(url: string): JWTVerifyGetKey {
  let get = keySets.get(url);
  if (!get) {
    const remote = createRemoteJWKSet(new URL(url), { timeoutDuration: 3000 });
    get = async (header, token) => {
      try {
        return await remote(header, token);
      } catch (error) {
        if (
          error instanceof errors.JWKSNoMatchingKey ||
          error instanceof errors.JWKSMultipleMatchingKeys ||
          error instanceof errors.JOSENotSupported
        ) {
          throw error;
        }
        throw new Problem('unavailable', 'The keys that check tokens cannot be had at the moment.', {
          headers: { 'Retry-After': '5' },
        });
      }
    };
    keySets.set(url, get);
  }
  return get;
}
