import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DEFAULT_CLAIM_NAMES } from '../../../src/config/claim-names.ts';
import type { Config } from '../../../src/config/config.ts';
import { verifyToken } from '../../../src/http/auth/tokens.ts';
import { VerifiedTokens } from '../../../src/http/auth/verified-tokens.ts';
import { JWT_SECRET, signToken } from '../../support/api.ts';

/* A token that has just been verified is not verified again; whatever else the token is refused for must still be seen. */

const tenant_id = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const withSecret = (secret: string): Config['tokens'] => ({
  keys: { secret },
  maxAgeSeconds: 3600,
  claimNames: DEFAULT_CLAIM_NAMES,
});
const refused = { code: 'unauthenticated' };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

test('the signature of a token is verified once in 30 s', async () => {
  const verify = vi.spyOn(crypto.subtle, 'verify');
  const config = withSecret(JWT_SECRET);
  const token = await signToken({ tenant_id, exp: Math.floor(Date.now() / 1000) + 600 });
  const known = { role: 'member', tenantId: tenant_id };
  for (const [ms, times] of [
    [0, 1],
    [29_999, 1],
    [1, 2],
    // The clock was set back: nothing is known of what was verified later.
    [-60_000, 3],
  ] as const) {
    pass(ms);
    expect(await verifyToken(token, config)).toEqual(known);
    expect(verify).toHaveBeenCalledTimes(times);
  }
});

test('it expires when it says so, within the tolerance of clocks', async () => {
  const now = Math.ceil(Date.now() / 1000);
  vi.setSystemTime(now * 1000);
  const config = withSecret(JWT_SECRET);
  const token = await signToken({ tenant_id, exp: now + 5 });
  pass(25_000);
  await verifyToken(token, config);
  pass(9_999);
  await verifyToken(token, config);
  pass(1);
  await expect(verifyToken(token, config)).rejects.toMatchObject(refused);
});

test('another token, or the same under another secret, is not taken for it', async () => {
  const config = withSecret(JWT_SECRET);
  const token = await signToken({ tenant_id, exp: Math.floor(Date.now() / 1000) + 600 });
  await verifyToken(token, config);
  const [header, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ tenant_id, role: 'admin', exp: 4_102_444_800 })).toString('base64url');
  await expect(verifyToken(`${header}.${forged}.${signature}`, config)).rejects.toMatchObject(refused);
  await expect(verifyToken(token, withSecret('another secret of at least 32 bytes'))).rejects.toMatchObject(refused);
});

test('what is kept is bounded: the oldest tokens go, and none that is long is kept', () => {
  const tokens = new VerifiedTokens<string>();
  const add = (token: string) => tokens.add(token, `who has ${token}`, Date.now() + 1000);
  add('x'.repeat(4097));
  expect(tokens.get('x'.repeat(4097))).toBeUndefined();
  for (let n = 0; n <= 1000; n++) add(`token ${n}`);
  expect(tokens.get('token 0')).toBeUndefined();
  expect(tokens.get('token 1')).toBe('who has token 1');
  // One that is verified anew is the newest again.
  add('token 1');
  add('one more');
  expect(tokens.get('token 1')).toBe('who has token 1');
  expect(tokens.get('token 2')).toBeUndefined();
});
