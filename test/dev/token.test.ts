import { execFile } from 'node:child_process';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { readTokenOptions } from '../../dev/cli/token-options.ts';
import { DEVELOPMENT_SECRET } from '../../dev/local/jwt.ts';
import { toolEnvironment } from '../../dev/run.ts';
import { DEFAULT_CLAIM_NAMES } from '../../src/config/claim-names.ts';
import { verifyToken } from '../../src/http/auth/tokens.ts';

const TENANT = '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b';
const DAY = 24 * 3600;
const SECRET = 'a secret of this test, € and ü in it';

interface Ran {
  code: number;
  out: string;
  err: string;
}

function token(args: string[], secret = SECRET): Promise<Ran> {
  const env = toolEnvironment({ JWT_SECRET: secret, JWT_MAX_AGE: '' });
  return new Promise((resolve) => {
    execFile('node', ['dev/cli/token.ts', ...args], { env }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

async function claims({ code, out, err }: Ran, secret = SECRET) {
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const jwt = out.trim();
  expect(decodeProtectedHeader(jwt).alg).toBe('HS256');
  const { payload } = await jwtVerify(jwt, new TextEncoder().encode(secret));
  const { iat = 0, exp = 0 } = payload;
  expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(20);
  return {
    payload,
    seconds: exp - iat,
    principal: await verifyToken(jwt, { keys: { secret }, maxAgeSeconds: 400 * DAY, claimNames: DEFAULT_CLAIM_NAMES }),
  };
}

test('a member of the tenant for one hour, where nothing else is said', async () => {
  const { payload, seconds, principal } = await claims(await token(['--tenant', TENANT]));
  expect(payload).toMatchObject({ tenant_id: TENANT, role: 'member' });
  expect(payload.sub).toBeUndefined();
  expect(seconds).toBe(3600);
  expect(principal).toEqual({ role: 'member', tenantId: TENANT });
});

test('who, as what and for how long', async () => {
  const args = ['--tenant', TENANT.toUpperCase(), '--role=admin', '--sub', 'Zoë', '--expires', '7d'];
  const { seconds, principal } = await claims(await token(args));
  expect(seconds).toBe(7 * 24 * 3600);
  expect(principal).toEqual({ role: 'admin', tenantId: TENANT, subject: 'Zoë' });
});

test('a platform token has no tenant; without JWT_SECRET the development default signs', async () => {
  const { payload, principal } = await claims(await token(['--role', 'platform'], ''), DEVELOPMENT_SECRET);
  expect(payload).not.toHaveProperty('tenant_id');
  expect(principal).toEqual({ role: 'platform' });
});

test('for as long as JWT_MAX_AGE allows, and no longer', async () => {
  const args = (expires: string) => ['--tenant', TENANT, '--expires', expires];
  expect((await claims(await token(args('400d')))).seconds).toBe(400 * DAY);
  expect(await token(args('9601h'))).toEqual({
    code: 1,
    out: '',
    err: '--expires is "9601h": at most JWT_MAX_AGE is taken, which is 400d.\n',
  });
  const read = (expires: string, JWT_MAX_AGE: string) => readTokenOptions(args(expires), { JWT_MAX_AGE });
  expect(() => read('61s', '1m')).toThrow('which is 1m.');
  expect(read('800d', '900d').seconds).toBe(800 * DAY);
  expect(() => read('1h', 'a year')).toThrow('JWT_MAX_AGE is "a year"');
});

test('a secret that is too short is refused by one line, and no token is printed', async () => {
  expect(await token(['--tenant', TENANT], 'short')).toEqual({
    code: 1,
    out: '',
    err: 'JWT_SECRET has 5 bytes; HS256 needs at least 32 (RFC 7518 §3.2).\n',
  });
});

test.each([
  ['--tenant', []],
  ['--tenant', ['--tenant']],
  ['--tenant', ['--tenant', 'not-a-uuid']],
  ['--tenant', ['--tenant', '00000000-0000-0000-0000-000000000000']],
  ['--tenant', ['--role', 'platform', '--tenant', TENANT]],
  ['--role', ['--role', 'boss', '--tenant', TENANT]],
  ['--role', ['--role', 'toString', '--tenant', TENANT]],
  ['--expires', ['--tenant', TENANT, '--expires', '1 year']],
  ['--expires', ['--tenant', TENANT, '--expires', '0h']],
  ['--expires', ['--tenant', TENANT, '--expires', '99999999999999999999d']],
  ['--expires', ['--tenant', TENANT, '--expires', '-1h']],
  ['--sub', ['--tenant', TENANT, '--sub', 'x'.repeat(256)]],
  ['--sub', ['--tenant', TENANT, '--sub', 'two\nlines']],
  ['--tennant', ['--tennant', TENANT]],
  ['extra', ['--tenant', TENANT, 'extra']],
])('wrong usage is one line that names %s', (option, args) => {
  const failure = (() => {
    try {
      readTokenOptions(args, {});
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  })();
  expect(failure).toMatch(/^[^\n]+$/);
  expect(failure).toContain(option);
});
