import { expect, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { readConfig } from '../../src/config/config.ts';
import { allowedOrigins } from '../../src/config/origins.ts';

const good: Bindings = {
  DATABASE_URL: 'postgres://worker:password@db.example.com/onetrip',
  JWT_SECRET: 'a secret of the tests, of at least 32 bytes',
};

test.each<[string, Partial<Bindings>]>([
  ['DATABASE_URL is', { DATABASE_URL: '' }],
  ['neither JWT_SECRET nor JWKS_URL is', { JWT_SECRET: '' }],
])('where %s not set, the message says where it comes from', (what, unset) => {
  const message = /^.* is (not )?set: for `wrangler dev` it stands in \.dev\.vars \(see \.dev\.vars\.example\), /;
  expect(() => readConfig({ ...good, ...unset })).toThrow(message);
  expect(() => readConfig({ ...good, ...unset })).toThrow(what);
});

test('limits and origins are off by default, and read where they are set', () => {
  expect(allowedOrigins(good)).toEqual([]);
  expect(readConfig({ ...good, CORS_ORIGINS: '', RATE_LIMIT: '' })).not.toHaveProperty('rateLimit');
  const set = { ...good, CORS_ORIGINS: ' https://a.example.com,http://localhost:5173, ', RATE_LIMIT: '600/60' };
  expect(readConfig(set)).toMatchObject({ rateLimit: { quota: 600, seconds: 60 } });
  expect(allowedOrigins(set)).toEqual(['https://a.example.com', 'http://localhost:5173']);
});

test.each([
  ['', 400 * 86_400],
  [undefined, 400 * 86_400],
  ['90s', 90],
  ['15m', 900],
  ['12h', 43_200],
  ['30d', 2_592_000],
])('JWT_MAX_AGE of %j is %d s', (text, seconds) => {
  const bindings = { ...good, ...(text === undefined ? {} : { JWT_MAX_AGE: text }) };
  expect(readConfig(bindings).tokens.maxAgeSeconds).toBe(seconds);
});

test.each<[Partial<Bindings>, string]>([
  [{ DATABASE_URL: 'mysql://x/y' }, 'DATABASE_URL'],
  [{ DATABASE_URL: '' }, 'DATABASE_URL'],
  [{ JWT_SECRET: '31 bytes are not enough, really' }, 'JWT_SECRET'],
  [{ JWT_SECRET: '' }, 'JWT_SECRET'],
  [{ JWKS_URL: 'https://keys.example.com/jwks.json' }, 'JWKS_URL'],
  [{ JWT_SECRET: '', JWKS_URL: 'keys' }, 'JWKS_URL'],
  [{ CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
  [{ CORS_ORIGINS: 'https://a.example.com/' }, 'CORS_ORIGINS'],
  [{ CORS_ORIGINS: 'https://a.example.com https://b.example.com' }, 'CORS_ORIGINS'],
  [{ CORS_ORIGINS: 'null' }, 'CORS_ORIGINS'],
  [{ RATE_LIMIT: '600' }, 'RATE_LIMIT'],
  [{ RATE_LIMIT: '0/60' }, 'RATE_LIMIT'],
  [{ RATE_LIMIT: '10/30' }, 'RATE_LIMIT'],
  [{ JWT_MAX_AGE: '999' }, 'JWT_MAX_AGE'],
  [{ JWT_MAX_AGE: '000d' }, 'JWT_MAX_AGE'],
  [{ JWT_MAX_AGE: '1w' }, 'JWT_MAX_AGE'],
  [{ JWT_MAX_AGE: '-1d' }, 'JWT_MAX_AGE'],
  [{ JWT_MAX_AGE: 'forever' }, 'JWT_MAX_AGE'],
  [{ JWT_TENANT_CLAIM: 'app_metadata..tenant_id' }, 'JWT_TENANT_CLAIM'],
  [{ JWT_ROLE_CLAIM: '.role' }, 'JWT_ROLE_CLAIM'],
  [{ JWT_SUBJECT_CLAIM: 'the subject' }, 'JWT_SUBJECT_CLAIM'],
  [{ DEVELOPMENT: 'false' }, 'DEVELOPMENT'],
])('%o is refused by one line that names %s and holds no value', (wrong, name) => {
  const message = (() => {
    try {
      readConfig({ ...good, ...wrong });
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  })();
  expect(message).toContain(name);
  expect(message).not.toContain('\n');
  for (const value of Object.values(wrong)) if (value) expect(message).not.toContain(value);
});
