import { globSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DEVELOPMENT_SECRET } from '../../dev/local/jwt.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { app } from '../../src/functions/index.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';

/* Secrets that everybody can look up open no deployment, only `npm run dev`. */

const [, inDevVars = ''] = /^JWT_SECRET="(.*)"$/m.exec(readFileSync('.dev.vars.example', 'utf8')) ?? [];

const EXAMPLES: [where: string, secret: string][] = [
  ['npm run dev', DEVELOPMENT_SECRET],
  ['.dev.vars.example', inDevVars],
  ['jwt.io, HS256', 'a-string-secret-at-least-256-bits-long'],
  ['jwt.io, HS384', 'a-valid-string-secret-that-is-at-least-384-bits-long'],
  ['jwt.io, HS512', 'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long'],
  ['Supabase on a developer’s machine', 'super-secret-jwt-token-with-at-least-32-characters-long'],
  ['Supabase’s .env.example', 'your-super-secret-jwt-token-with-at-least-32-characters-long'],
  ['a Spring Boot tutorial', '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970'],
  ['RFC 7515, A.1', 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow'],
  ['one with a line break behind it', `${DEVELOPMENT_SECRET}\n`],
];

/** Asks for what a platform token may not see: 403 tells that the token has been taken, and no database is needed. */
async function ask(secret: string, bindings: Partial<Bindings> = {}) {
  const log: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => log.push(line));
  const all = { DATABASE_URL: 'postgres://x@127.0.0.1:9/y', JWT_SECRET: secret, LOG_LEVEL: 'warn', ...bindings };
  const headers = { Authorization: `Bearer ${await signToken({ role: 'platform' }, secret)}` };
  const response = await app.request('/api/v1/tags', { headers }, all);
  return { status: response.status, text: await response.text(), retryAfter: response.headers.get('Retry-After'), log };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(EXAMPLES)('the secret of %s', (_, secret) => {
  test('is refused, and the log says why without telling it', async () => {
    const { status, text, retryAfter, log } = await ask(secret);
    expect([status, retryAfter]).toEqual([503, '60']);
    expect(text).not.toMatch(/JWT|secret|example/);
    expect(log).toHaveLength(1);
    expect(JSON.parse(log[0] ?? '')).toMatchObject({
      event: 'configuration',
      message: expect.stringContaining('JWT_SECRET is a published example'),
    });
    expect(log[0]).not.toContain(secret.trim());
  });

  test('is good where DEVELOPMENT says so', async () => {
    expect(await ask(secret, { DEVELOPMENT: 'true' })).toMatchObject({ status: 403, log: [] });
    expect(await ask(secret, { DEVELOPMENT: '' })).toMatchObject({ status: 503 });
    expect(await ask(secret, { DEVELOPMENT: 'false' })).toMatchObject({ status: 503 });
  });
});

test('a secret of one’s own is good', async () => {
  expect(await ask(JWT_SECRET)).toMatchObject({ status: 403, log: [] });
});

test('/ready says so too', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const bindings = { DATABASE_URL: 'postgres://x@127.0.0.1:9/y', JWT_SECRET: DEVELOPMENT_SECRET, LOG_LEVEL: 'warn' };
  expect((await app.request('/ready', {}, bindings)).headers.get('Retry-After')).toBe('60');
});

test('no source of a deployment has one of them in it', () => {
  const source = globSync('src/**/*.ts').map((file) => readFileSync(file, 'utf8'));
  expect(source.length).toBeGreaterThan(50);
  for (const [, secret] of EXAMPLES) for (const text of source) expect(text).not.toContain(secret);
});
