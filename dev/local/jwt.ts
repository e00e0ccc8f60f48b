import { SignJWT } from 'jose';
import type { Role } from '../../src/http/auth/tokens.ts';

/** Signs and checks tokens on a developer's machine where JWT_SECRET is not set. It is published, so it protects nothing. */
export const DEVELOPMENT_SECRET = 'onetrip development only: anybody can read this secret';

/**
 * JWT_SECRET, or the development default.
 * @throws Error of one line if it is too short for HS256, or if JWKS_URL is set: nobody on this machine has the private
 *   key for such tokens
 */
export function jwtSecret(): string {
  if (process.env.JWKS_URL) {
    throw new Error(
      'JWKS_URL is set, but tokens are signed here with JWT_SECRET: unset it, or use `npx wrangler dev`.',
    );
  }
  const secret = process.env.JWT_SECRET || DEVELOPMENT_SECRET;
  const bytes = Buffer.byteLength(secret);
  if (bytes < 32) throw new Error(`JWT_SECRET has ${bytes} bytes; HS256 needs at least 32 (RFC 7518 §3.2).`);
  return secret;
}

/** Signs a token with the claims that the API reads, valid from now on for `seconds`. */
export function signToken(
  claims: { role: Role; tenantId?: string | undefined; sub?: string | undefined },
  seconds: number,
  secret: string,
): Promise<string> {
  const { role, tenantId, sub } = claims;
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ role, ...(tenantId ? { tenant_id: tenantId } : {}), ...(sub === undefined ? {} : { sub }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(secret));
}
