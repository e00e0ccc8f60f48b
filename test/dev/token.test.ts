import { execFile } from 'node:child_process';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
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

function token(args: string[], secret = SECRET, maxAgeSeconds = ''): Promise<Ran> {
  const env = toolEnvironment({ JWT_SECRET: secret, JWT_MAX_AGE: maxAgeSeconds });
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
  expect((await token(args('61s'), SECRET, '1m')).err).toContain('which is 1m.');
  expect((await token(args('800d'), SECRET, '900d')).code).toBe(0);
  expect((await token(args('1h'), SECRET, 'a year')).err).toContain('JWT_MAX_AGE is "a year"');
});

test('wrong usage is one line that names the option', async () => {
  const cases: [string, string[], string?][] = [
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
    ['JWT_SECRET', ['--tenant', TENANT], 'short'],
  ];
  // A few at a time: each is a process.
  for (let at = 0; at < cases.length; at += 4) {
    await Promise.all(
      cases.slice(at, at + 4).map(async ([option, args, secret]) => {
        const { code, out, err } = await token(args, secret);
        expect({ args, code, out }).toEqual({ args, code: 1, out: '' });
        expect(err).toMatch(/^[^\n]+\n$/);
        expect(err).toContain(option);
      }),
    );
  }
});
