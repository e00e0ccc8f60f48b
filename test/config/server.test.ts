import { expect, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { readConfig } from '../../src/config/config.ts';
import { readServerConfig } from '../../src/config/server.ts';

const read = (bindings: Record<string, string>) => readServerConfig(bindings as unknown as Bindings);

test('without anything set, it listens at 8787 everywhere and shows no metrics', () => {
  const defaults = { port: 8787, drainSeconds: 0, purges: false, delivers: false };
  expect(read({})).toEqual(defaults);
  expect(read({ PORT: '', LISTEN_ADDRESS: '', METRICS_PORT: '', JANITOR_DATABASE_URL: '' })).toEqual(defaults);
});

test('everything set', () => {
  const bindings = { PORT: '80', LISTEN_ADDRESS: '::1', DRAIN_SECONDS: '5', METRICS_PORT: '9464' };
  const expected = { port: 80, address: '::1', drainSeconds: 5, purges: true, delivers: true };
  const all = { ...bindings, JANITOR_DATABASE_URL: 'postgres://x@y/z', COURIER_DATABASE_URL: 'postgres://x@y/z' };
  expect(read(all)).toEqual({ ...expected, metrics: { port: 9464, address: '127.0.0.1' } });
  expect(read({ ...all, METRICS_ADDRESS: '::' }).metrics).toEqual({ port: 9464, address: '::' });
});

test.each([
  ['PORT', ['0', '-1', '80.5', '65536', '99999', 'http', '1e3', ' 80']],
  ['METRICS_PORT', ['0', '65536', 'off']],
  ['DRAIN_SECONDS', ['-1', '5s', '1000']],
])('%s is refused by a line that names it', (name, values) => {
  for (const value of values) expect(() => read({ [name]: value }), value).toThrow(new RegExp(`^${name} must be `));
});

test('metrics at the port of the API, and a rate limit that nobody would count, are refused', () => {
  expect(() => read({ METRICS_PORT: '8787' })).toThrow('METRICS_PORT must be another port than PORT');
  expect(() => read({ RATE_LIMIT: '600/60' })).toThrow(/^RATE_LIMIT is set, but only Cloudflare/);
});

test('a pool has as many connections as POOL_SIZE says', () => {
  const requests = { DATABASE_URL: 'postgres://x@y/z', JWT_SECRET: 'a secret of the tests, of at least 32 bytes' };
  expect(readConfig({ ...requests, POOL_SIZE: '7' })).toMatchObject({
    database: { connections: 7 },
    replica: { connections: 7 },
  });
  expect(readConfig(requests).database).not.toHaveProperty('connections');
  for (const POOL_SIZE of ['0', '1000', 'many', '-1']) {
    expect(() => readConfig({ ...requests, POOL_SIZE })).toThrow(/^POOL_SIZE must be /);
  }
});
