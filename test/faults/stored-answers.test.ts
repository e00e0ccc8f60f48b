import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { longTextsRead } from '../support/long-texts.ts';

/* What idempotent requests leave behind is bounded, costs a purge nothing that it has no part in, and holds nobody up. */

const api = useApi();
const MIB = 1024 * 1024;
const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

/** Stores answers of a tenant, past the API: of `bytes` each, as far as the bound is concerned. */
async function store(tenant: TestTenant, { count, body, bytes }: { count: number; body: string; bytes?: number }) {
  await api.database.admin.query(
    `insert into idempotency_keys (tenant_id, key, request_hash, status, body, bytes)
     select $1, 'stored ' || gen_random_uuid(), 'hash', 200, $3, coalesce($4, octet_length($3)) from generate_series(1, $2::integer)`,
    [tenant.id, count, body, bytes ?? null],
  );
}

test('a purge reads no answer that tells of something else', async () => {
  const tenant = await api.tenant();
  // As large as any, and such as do not shrink when PostgreSQL compresses them.
  const body = JSON.stringify({ id: randomUUID(), name: Array.from({ length: 20_000 }, () => randomUUID()).join('') });
  await store(tenant, { count: 20, body });
  const { json } = await tenant.post('/api/v1/projects', { name: 'Empty' }, keyed('create'));
  await tenant.call(`/api/v1/projects/${json.id}`, { method: 'DELETE' });
  const pages = await longTextsRead(api, 'idempotency_keys', async () => {
    expect((await tenant.post(`/api/v1/projects/${json.id}/purge`, undefined)).status).toBe(204);
  });
  expect(pages).toBeLessThan(20);
  const { rows } = await api.database.admin.query(
    'select key, body is null as forgotten from idempotency_keys where tenant_id = $1',
    [tenant.id],
  );
  expect(rows.filter(({ forgotten }) => forgotten)).toEqual([{ key: 'create', forgotten: true }]);
  expect(rows).toHaveLength(21);
});

test('all large answers of a tenant take up 128 MiB at most; small ones, other tenants and other requests go on', async () => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  await store(tenant, { count: 32, body: '{}', bytes: 4 * MIB });
  const large = { name: 'P', description: 'x'.repeat(5000) };
  const refused = await tenant.post('/api/v1/projects', large, keyed('large'));
  expect(refused).toMatchObject({ status: 429, json: { code: 'rate_limited', detail: /128 MiB/ } });
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(23 * 3600);
  expect(refused.headers.get('RateLimit')).toMatch(/^"stored-answers";r=0;t=\d+$/);
  expect((await tenant.get('/api/v1/projects')).json.data).toEqual([]);
  expect((await tenant.post('/api/v1/projects', { name: 'P' }, keyed('small'))).status).toBe(201);
  expect((await tenant.post('/api/v1/projects', large)).status).toBe(201);
  expect((await other.post('/api/v1/projects', large, keyed('large'))).status).toBe(201);
  await api.database.admin.query(
    `update idempotency_keys set expires_at = now() - interval '1 second' where tenant_id = $1 and bytes > 4096`,
    [tenant.id],
  );
  expect((await tenant.post('/api/v1/projects', large, keyed('large'))).status).toBe(201);
});

test('the largest project that can be created is stored, and replayed', async () => {
  const tenant = await api.tenant();
  const tags = Array.from({ length: 50 }, (_, n) => `t${n}`);
  const body = {
    name: 'P',
    tasks: Array.from({ length: 500 }, (_, n) => ({ title: `task ${n}`, tags, description: 'd'.repeat(1500) })),
  };
  expect(JSON.stringify(body).length).toBeLessThan(MIB);
  const first = await tenant.post('/api/v1/projects', body, keyed('largest'));
  expect(first.status).toBe(201);
  const again = await tenant.post('/api/v1/projects', body, keyed('largest'));
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  expect(again.text).toBe(first.text);
});

test('who repeats a request that is still running waits half a second, no more', async () => {
  const tenant = await api.tenant();
  const running = await api.database.connect(tenant.id, 'superuser');
  try {
    await running.query('begin');
    await running.query(`insert into idempotency_keys (tenant_id, key, request_hash) values ($1, 'running', 'hash')`, [
      tenant.id,
    ]);
    const reply = await tenant.post('/api/v1/tags', { name: 't' }, keyed('running'));
    expect(reply).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(reply.headers.get('Retry-After')).toBe('1');
    const waited = Number(/dur=([\d.]+)/.exec(reply.headers.get('Server-Timing') ?? '')?.[1]);
    // Before, it was the lock timeout of everything else: 5 s.
    expect(waited).toBeGreaterThan(400);
    expect(waited).toBeLessThan(3000);
  } finally {
    await running.end();
  }
});
