import { readFileSync } from 'node:fs';
import { describe, expect, inject, test, vi } from 'vitest';
import { app } from '../../src/functions/index.ts';
import { signToken, useApi } from '../support/api.ts';

/* What holds for every function alike: the rate limit, and the headers for callers in a browser. */

const PERIOD = 10;
const functions = [
  ...['create-tag', 'get-tag', 'list-tags', 'list-projects', 'list-audit-log', 'list-tenants'],
  ...['docs', 'health', 'openapi'],
];

describe('the rate limit', () => {
  const api = useApi({ functions, bindings: { RATE_LIMIT: `5/${PERIOD}` }, rateLimit: { limit: 5, period: PERIOD } });

  /** The emulated binding counts in windows of the clock: waits for a new one, if this one is nearly over. */
  const untilWindowIsFresh = () =>
    vi.waitUntil(() => Date.now() % (PERIOD * 1000) < PERIOD * 600, { timeout: PERIOD * 1000 });

  // The binding is Cloudflare's; on Lambda it is API Gateway that limits requests, and not by tenant.
  test.runIf(['workerd', 'split'].includes(inject('tier')))(
    'is each tenant’s own; past it the database is not asked',
    async () => {
      const [tenant, other] = [await api.tenant(), await api.tenant()];
      await untilWindowIsFresh();
      for (let i = 0; i < 5; i++) {
        const { status, headers } = await tenant.get(i === 4 ? '/api/v1/tags?limit=0' : '/api/v1/tags');
        expect(status).toBe(i === 4 ? 400 : 200);
        expect([headers.get('RateLimit-Policy'), headers.get('RateLimit')]).toEqual(['"tenant";q=5;w=10', null]);
      }
      const asked = api.database.endpoint.requests;
      for (const path of ['/api/v1/tags', '/api/v1/projects', '/api/v1/audit-log']) {
        const { status, headers, json } = await tenant.get(path);
        expect(status).toBe(429);
        expect(json).toMatchObject({ code: 'rate_limited', type: 'https://onetrip.dev/problems/rate_limited' });
        expect(headers.get('Retry-After')).toBe('10');
        expect(headers.get('RateLimit')).toBe('"tenant";r=0;t=10');
        expect(headers.get('RateLimit-Policy')).toBe('"tenant";q=5;w=10');
      }
      expect((await tenant.post('/api/v1/tags', { name: 'x' })).status).toBe(429);
      // What has no tenant is not counted against one.
      expect((await api.call('/api/v1/tags', { token: 'x.y.z' })).status).toBe(401);
      expect((await api.call('/health')).status).toBe(200);
      expect(api.database.endpoint.requests).toBe(asked);
      expect((await other.get('/api/v1/tags')).status).toBe(200);
      expect((await api.platform('/api/v1/tenants')).status).toBe(200);
    },
  );

  test.runIf(inject('tier') !== 'lambda')(
    'of a limiter that fails lets requests through, and says so in the log',
    async () => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => {});
      const { id } = await api.tenant();
      const broken = { limit: () => Promise.reject(new Error('no limiter today')) };
      const headers = { Authorization: `Bearer ${await signToken({ tenant_id: id })}` };
      const { status } = await app.request('/api/v1/tags', { headers }, { ...api.bindings, RATE_LIMITER: broken });
      expect(status).toBe(200);
      expect(log).toHaveBeenCalledWith(expect.stringContaining('"event":"rate_limiter"'));
      log.mockRestore();
    },
  );

  test('that callers read is the one that is configured', () => {
    const toml = readFileSync('wrangler.toml', 'utf8');
    const [, limit, period] = /simple = \{ limit = (\d+), period = (\d+) \}/.exec(toml) ?? [];
    expect(toml).toContain(`RATE_LIMIT = "${limit}/${period}"`);
  });
});

const ORIGIN = 'https://app.example.com';

const CALLS: [string, string, number, string?][] = [
  ['GET', '/api/v1/tags', 200],
  ['GET', '/api/v1/tags/00000000-0000-7000-8000-000000000000', 404],
  ['GET', '/api/v1/tags?limit=0', 400],
  ['POST', '/api/v1/tags', 201, `{"name":"x"}`],
  ['PUT', '/api/v1/tags', 405],
  ['OPTIONS', '/api/v1/tags', 204],
  ['GET', '/api/v1/nowhere', 404],
  ['GET', '/health', 200],
  ['GET', '/docs', 200],
  ['GET', '/api/v1/openapi.json', 200],
];

// To start all Workers of `split` takes as long as all of these tests, and what is not bound there is the same in each.
describe.skipIf(inject('tier') === 'split')('by default', () => {
  const api = useApi({ rateLimit: { limit: 1, period: 60 } });

  test('no request is counted, for RATE_LIMIT is not set', async () => {
    const tenant = await api.tenant();
    for (let i = 0; i < 5; i++) expect((await tenant.get('/api/v1/tags')).status).toBe(200);
  });

  test.each(CALLS)('%s %s is safe in a browser, and open to no other origin', async (method, path, status, body) => {
    const tenant = await api.tenant();
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'GET' };
    const reply = await tenant.call(path, { method, headers, ...(body ? { body } : {}) });
    expect(reply.status).toBe(status);
    expect(reply.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(reply.headers.get('X-Frame-Options')).toBe('DENY');
    expect(reply.headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(reply.headers.get('Strict-Transport-Security')).toMatch(/^max-age=\d{8}/);
    expect(reply.headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
    expect(reply.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'/);
    expect([...reply.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(reply.headers.get('Vary') ?? '').not.toContain('Origin');
  });
});

describe('with CORS_ORIGINS', () => {
  const api = useApi({ functions, bindings: { CORS_ORIGINS: `https://other.example.com, ${ORIGIN}` } });

  test.each(CALLS)('%s %s is open to these origins and to no other', async (method, path, status, body) => {
    const tenant = await api.tenant();
    const call = (Origin: string) => tenant.call(path, { method, headers: { Origin }, ...(body ? { body } : {}) });
    const allowed = await call(ORIGIN);
    expect(allowed.status).toBe(status);
    expect(allowed.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    expect(allowed.headers.get('Access-Control-Expose-Headers')).toContain('ETag');
    expect(allowed.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect(allowed.headers.get('Vary')).toContain('Origin');
    for (const origin of ['https://evil.example.com', `${ORIGIN}.evil.com`, 'http://app.example.com', 'null', '*']) {
      const refused = await call(origin);
      expect(refused.headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(refused.headers.get('Vary')).toContain('Origin');
    }
  });

  test('a preflight is told what the path takes', async () => {
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': 'PATCH' };
    const reply = await api.call('/api/v1/tags/x', { method: 'OPTIONS', headers });
    expect(reply.status).toBe(204);
    expect(reply.headers.get('Access-Control-Allow-Methods')).toBe(reply.headers.get('Allow'));
    expect(reply.headers.get('Access-Control-Allow-Methods')).toContain('PATCH');
    for (const name of ['Authorization', 'If-Match', 'Idempotency-Key', 'Content-Type', 'Onetrip-Dry-Run']) {
      expect(reply.headers.get('Access-Control-Allow-Headers')).toContain(name);
    }
    expect(reply.headers.get('Access-Control-Max-Age')).toBe('7200');
  });
});
