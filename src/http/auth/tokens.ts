import { jwtVerify } from 'jose';
import * as z from 'zod';
import { DEFAULT_ROLE_CLAIM } from '../../config/claim-names.ts';
import type { Config } from '../../config/config.ts';
import { Problem } from '../../problem.ts';
import { claimOf } from './claims.ts';
import { remoteKeys } from './remote-keys.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Each role of a tenant may do all that the ones before it may; `platform` is apart from them. */
export const ROLES = ['viewer', 'member', 'admin', 'platform'] as const;
export type Role = (typeof ROLES)[number];

/** Who a valid token speaks for. `platform` has no tenant, every other role has one. */
export interface Principal {
  role: Role;
  tenantId?: string;
  /** `sub`: who acts, for the audit log. */
  subject?: string;
}

/** By how many seconds clocks may differ. */
const CLOCK_TOLERANCE_SECONDS = 30;

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
      // The audit log names API keys, and people who have been purged, by words that begin like this.
      .refine((sub) => !/^(api-key|member):/.test(sub))
      .optional(),
    role: z.enum(ROLES).default('member'),
    tenant_id: z
      .guid()
      .toLowerCase()
      .refine((id) => id !== '00000000-0000-0000-0000-000000000000')
      .optional(),
  })
  .refine(({ role, tenant_id }) => (role === 'platform') === (tenant_id === undefined))
  .refine(({ iat }) => iat === undefined || iat <= Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS);

/** The longest token that is verified, in characters. Node accepts no more than this in all headers together. */
const MAX_TOKEN_CHARACTERS = 16_384;

/**
 * base64url without padding (RFC 7515 §2) whose unused bits are zero (RFC 4648 §3.5): otherwise one signature could be
 * spelled in several ways.
 */
const PART = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?';
const COMPACT = new RegExp(`^${PART}\\.${PART}\\.${PART}$`);

/** A JWT of another type, such as a logout token or a DPoP proof, is no access token (RFC 8725 §3.11). */
const TYPE = /^(application\/)?(at\+)?jwt$/i;

/**
 * Verifies a JWT (docs/api-conventions.md, "Tokens"): the signature under the configured family of algorithms, `exp`,
 * `nbf`, `iat`, `iss`, `aud`, and the claims of this API. `exp` may be at most `maxAgeSeconds` after `iat`, or after now where
 * there is no `iat`. The database is not asked, and a token that has just been verified is not verified again. Of a claim
 * that occurs twice the last one counts (RFC 7519 §4).
 * @throws Problem `unauthenticated`, or `unavailable` where the key could not be fetched.
 */
export async function verifyToken(token: string, config: Config['tokens']): Promise<Readonly<Principal>> {
  let verified = verifiedTokens.get(config);
  if (!verified) {
    verified = new VerifiedTokens();
    verifiedTokens.set(config, verified);
  }
  const known = verified.get(token);
  if (known) return known;
  const { principal, exp } = await verifyAnew(token, config);
  verified.add(token, principal, (exp + CLOCK_TOLERANCE_SECONDS) * 1000);
  return principal;
}

const verifiedTokens = new WeakMap<Config['tokens'], VerifiedTokens<Readonly<Principal>>>();

async function verifyAnew(
  token: string,
  { keys, issuer, audience, maxAgeSeconds, claimNames }: Config['tokens'],
): Promise<{ principal: Principal; exp: number }> {
  const options = {
    ...(issuer ? { issuer } : {}),
    ...(audience ? { audience } : {}),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    requiredClaims: ['exp'],
  };
  try {
    if (token.length > MAX_TOKEN_CHARACTERS || !COMPACT.test(token)) throw unauthenticated();
    // jose compares `alg` before it asks for a key, so nothing is fetched for a token that can never be valid.
    const { payload, protectedHeader } =
      'secret' in keys
        ? await jwtVerify(token, await secretKey(keys.secret), { ...options, algorithms: ['HS256'] })
        : await jwtVerify(token, (header) => remoteKeys(keys.jwksUrl).find(header), {
            ...options,
            algorithms: ['RS256', 'ES256', 'EdDSA'],
          });
    const { typ = 'JWT' } = protectedHeader;
    if (typeof typ !== 'string' || !TYPE.test(typ)) throw unauthenticated();
    const { role, tenant_id, sub, exp, iat } = claims.parse({
      ...payload,
      tenant_id: claimOf(payload, claimNames.tenant),
      role: roleOf(payload, claimNames.role),
      sub: claimOf(payload, claimNames.subject),
    });
    const issuedAt = iat ?? Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS;
    if (exp - issuedAt > maxAgeSeconds) throw unauthenticated();
    const tenant = tenant_id ? { tenantId: tenant_id } : {};
    return { principal: { role, ...tenant, ...(sub === undefined ? {} : { subject: sub }) }, exp };
  } catch (error) {
    throw error instanceof Problem ? error : unauthenticated();
  }
}

/**
 * The role that a token claims. Identity providers have lists of roles, with others among them: where the claim is one of
 * theirs, the highest counts that is one of ours. A list without any stays what it is, which is no role.
 */
function roleOf(payload: object, name: string): unknown {
  const value = claimOf(payload, name);
  if (name === DEFAULT_ROLE_CLAIM || !Array.isArray(value)) return value;
  return ROLES.findLast((role) => value.includes(role)) ?? value;
}

/** 401. It does not say what is wrong with the token, which would help only somebody who forges one. */
export function unauthenticated(): Problem {
  return new Problem('unauthenticated', 'The token is missing, malformed, expired or not ours.', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  });
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
