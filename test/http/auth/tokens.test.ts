import { expect, test } from 'vitest';
import { DEFAULT_CLAIM_NAMES } from '../../../src/config/claim-names.ts';
import type { Config } from '../../../src/config/config.ts';
import { verifyToken } from '../../../src/http/auth/tokens.ts';
import { JWT_SECRET, signToken } from '../../support/api.ts';

/* What a token says of its bearer. What no token may say is in test/functions/tokens*.test.ts, against the whole API. */

const DAY = 24 * 3600;
const tokens: Config['tokens'] = {
  keys: { secret: JWT_SECRET },
  maxAgeSeconds: 400 * DAY,
  claimNames: DEFAULT_CLAIM_NAMES,
};
const tenant_id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const principal = async (claims: Record<string, unknown>) => verifyToken(await signToken(claims), tokens);

test('claims become the principal', async () => {
  expect(await principal({ tenant_id })).toEqual({ role: 'member', tenantId: tenant_id });
  expect(await principal({ tenant_id, role: 'viewer' })).toEqual({ role: 'viewer', tenantId: tenant_id });
  expect(await principal({ role: 'platform' })).toEqual({ role: 'platform' });
  expect(await principal({ role: 'platform', sub: 'root' })).toEqual({ role: 'platform', subject: 'root' });
  expect(await principal({ tenant_id: tenant_id.toUpperCase(), role: 'admin', sub: 'é' })).toEqual({
    role: 'admin',
    tenantId: tenant_id,
    subject: 'é',
  });
  expect(await principal({ tenant_id, sub: '' })).toEqual({ role: 'member', tenantId: tenant_id, subject: '' });
});

test('a token is good for JWT_MAX_AGE at most, counted from iat, or from now without one', async () => {
  const now = Math.floor(Date.now() / 1000);
  const refused = { code: 'unauthenticated' };
  const claims = (iat: number | undefined, exp: number) => principal({ tenant_id, exp, ...(iat ? { iat } : {}) });
  await claims(now, now + 400 * DAY);
  await claims(now - 399 * DAY, now + DAY);
  await claims(undefined, now + 400 * DAY);
  await expect(claims(now, now + 400 * DAY + 1)).rejects.toMatchObject(refused);
  await expect(claims(now - 399 * DAY, now + 2 * DAY)).rejects.toMatchObject(refused);
  await expect(claims(1, now + 60)).rejects.toMatchObject(refused);
  // Clocks may differ by half a minute.
  await expect(claims(undefined, now + 400 * DAY + 60)).rejects.toMatchObject(refused);
  await expect(claims(undefined, 4_102_444_800)).rejects.toMatchObject(refused);
  const short = { ...tokens, maxAgeSeconds: 60 };
  await verifyToken(await signToken({ tenant_id, iat: now, exp: now + 60 }), short);
  await expect(verifyToken(await signToken({ tenant_id, iat: now, exp: now + 61 }), short)).rejects.toMatchObject(
    refused,
  );
});
