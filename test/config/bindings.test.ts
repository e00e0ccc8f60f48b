import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { BINDINGS } from '../../dev/build/bindings.ts';
import { type Bindings, bindingsSchema } from '../../src/config/bindings.ts';
import { readConfig } from '../../src/config/config.ts';
import { readJanitorConfig } from '../../src/config/janitor.ts';

const URL = 'postgres://cleaner:password@db.example.com/onetrip';
const requests = { DATABASE_URL: URL, JWT_SECRET: 'a secret of the tests, of at least 32 bytes' };
const purge = { JANITOR_DATABASE_URL: URL } as Bindings;

test('what docs/configuration.md says of a binding is one sentence at most, and the schema knows the binding', () => {
  expect(Object.keys(BINDINGS).sort()).toEqual(Object.keys(bindingsSchema.shape).sort());
  for (const { description } of Object.values(BINDINGS)) expect(description).toMatch(/^[^\n|]+[^.\n|]$/);
});

test('.dev.vars.example has secrets, and every one that is required', () => {
  const text = readFileSync('.dev.vars.example', 'utf8').replaceAll(/^# (?=[A-Z_]+=)/gm, '');
  const names = Object.keys(parseEnv(text)) as (keyof Bindings)[];
  for (const name of names) expect([name, BINDINGS[name]?.source]).toEqual([name, 'secret']);
  const required = Object.entries(BINDINGS).flatMap(([name, { required }]) => (required ? [name] : []));
  expect(names).toEqual(expect.arrayContaining(required));
});

test('a variable that is empty is not set', () => {
  const empty = Object.fromEntries(Object.keys(BINDINGS).map((name) => [name, '']));
  expect(readConfig({ ...empty, ...requests })).toEqual(readConfig(requests));
  expect(readJanitorConfig({ ...empty, ...purge })).toEqual(readJanitorConfig(purge));
});

test('the scheduled purge has the same connection and the same limit for slow queries as requests', () => {
  const options = { NEON_ENDPOINT: 'http://127.0.0.1:4444/sql', SLOW_QUERY_MS: '250' };
  const { database } = readConfig({ ...requests, ...options });
  expect(readJanitorConfig({ ...purge, ...options })).toEqual({ databases: [database] });
  expect(readJanitorConfig(purge)).toEqual({ databases: [{ url: URL, slowAfterMs: 500 }] });
});

test.each([
  [{ ...purge, JANITOR_DATABASE_URL: '' }, 'JANITOR_DATABASE_URL is not set'],
  [{ ...purge, JANITOR_DATABASE_URL: 'mysql://x/y' }, 'JANITOR_DATABASE_URL must be a postgres:// URL'],
  [{ ...purge, SLOW_QUERY_MS: 'long' }, 'SLOW_QUERY_MS must be a number of milliseconds'],
])('the scheduled purge refuses %o', (bindings, message) => {
  expect(() => readJanitorConfig(bindings)).toThrow(message);
});

test('neither reads what is the other one’s alone', () => {
  expect(readConfig({ ...requests, JANITOR_DATABASE_URL: 'mysql://x/y' }).database.url).toBe(URL);
  expect(readJanitorConfig({ ...purge, JWT_MAX_AGE: 'forever' }).databases[0]?.url).toBe(URL);
});

test('what is not text is refused by a line that names it', () => {
  const byRequests = Object.entries(BINDINGS).filter(([, { readBy }]) =>
    readBy.some((reader) => reader === 'requests' || reader === 'responses'),
  );
  for (const name of byRequests
    .map(([name]) => name)
    .filter((name) => !['RATE_LIMITER', 'TENANT_DIRECTORY'].includes(name))) {
    const wrong = { ...requests, [name]: 12_345_678 } as unknown as Bindings;
    expect(() => readConfig(wrong)).toThrow(new RegExp(`^${name} must be `));
  }
});
