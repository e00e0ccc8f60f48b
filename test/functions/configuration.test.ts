import { afterEach, expect, inject, test, vi } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { serve, signToken } from '../support/api.ts';
import { freePort } from '../support/free-port.ts';

/* A deployment that is set up wrongly: nobody gets in, callers get a 503 that says nothing, the log says what to do. */

const good: Bindings = {
  DATABASE_URL: 'postgres://onetrip_worker:very-secret@127.0.0.1/onetrip',
  JWT_SECRET: 'very-secret, and of at least 32 bytes',
};

afterEach(() => {
  vi.restoreAllMocks();
});

const cases: [string, string, Partial<Bindings>][] = [
  ['a secret of 31 bytes', 'JWT_SECRET must be at least 32 bytes long', { JWT_SECRET: 'very-secret'.padEnd(31, '.') }],
  ['an example', 'JWT_SECRET is a published example', { JWT_SECRET: 'a-string-secret-at-least-256-bits-long' }],
  [
    'neither secret nor keys',
    'neither JWT_SECRET nor JWKS_URL is set: for `wrangler dev` it stands in .dev.vars',
    { JWT_SECRET: '' },
  ],
  ['secret and keys', 'JWT_SECRET and JWKS_URL are both set', { JWKS_URL: 'https://id.example.com/very-secret' }],
  ['keys at no URL', 'JWKS_URL must be', { JWT_SECRET: '', JWKS_URL: 'very-secret' }],
  ['keys that anybody on the way can replace', 'JWKS_URL must be', { JWT_SECRET: '', JWKS_URL: 'http://very-secret/' }],
  ['keys at another scheme', 'JWKS_URL must be', { JWT_SECRET: '', JWKS_URL: 'data:very-secret,{}' }],
  ['a database at no URL', 'DATABASE_URL must be', { DATABASE_URL: 'very-secret' }],
];

test('a database that cannot be reached: the log says where it was sought, and why that failed', async () => {
  const log: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => log.push(line));
  const host = `127.0.0.1:${await freePort()}`;
  const served = await serve({
    ...good,
    DATABASE_URL: `postgres://onetrip_worker:very-secret@${host}/onetrip`,
    NEON_ENDPOINT: `http://${host}/sql?very-secret`,
  });
  try {
    expect((await served.send('http://onetrip.test/ready')).status).toBe(503);
    await vi.waitFor(() => expect(log).toHaveLength(1), 10_000);
    // workerd has no code for it.
    const reason = inject('tier') === 'workerd' ? 'Error: Network connection lost' : 'Error ECONNREFUSED';
    const [line = ''] = log;
    expect(JSON.parse(line)).toMatchObject({ event: 'database_error', host, reason });
    expect(line).not.toContain('very-secret');
  } finally {
    await served.stop();
  }
});

// One is enough where all functions start anew for each: they read their configuration in one way.
test.each(inject('tier') === 'lambda' ? cases.slice(0, 1) : cases)('%s', async (_, message, bindings) => {
  const log: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => log.push(line));
  const served = await serve({ ...good, ...bindings });
  const token = await signToken({ role: 'platform' }, bindings.JWT_SECRET || good.JWT_SECRET);
  try {
    for (const path of ['/api/v1/tenants', '/api/v1/projects', '/api/v1/tasks', '/ready']) {
      const response = await served.send(`http://onetrip.test${path}`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      const text = await response.text();
      expect(response.status, text).toBe(503);
      expect(response.headers.get('Retry-After')).toBe('60');
      expect(text).not.toMatch(/JWT|JWKS|DATABASE|secret/);
    }
    await vi.waitFor(() => expect(log).toHaveLength(4), 10_000);
    for (const line of log) {
      expect(JSON.parse(line)).toMatchObject({ level: 'error', event: 'configuration' });
      expect(line).toContain(message);
      expect(line).not.toContain('very-secret');
    }
  } finally {
    await served.stop();
  }
});
