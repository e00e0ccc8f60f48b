import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildOneWorker } from '../../dev/build/one-worker.ts';
import { MAX_RUNNING } from '../../src/db/client/concurrency.ts';
import { type TestTenant, useApi } from '../support/api.ts';

/* One tenant sends more than its share, and the others do not notice. */

const api = useApi();

/** Holds what is sent meanwhile, for it wants a table that is locked. @returns how to let it go */
async function lock(table: string, mode: string): Promise<() => Promise<unknown>> {
  await api.database.admin.query('begin');
  await api.database.admin.query(`lock table ${table} in ${mode} mode`);
  return () => api.database.admin.query('rollback');
}

/** How many connections wait for the table. (In a transaction pg_stat_activity would stay as it was first seen.) */
async function held(): Promise<number> {
  const { rowCount } = await api.database.admin.query(
    `select from pg_locks join pg_database as d on d.oid = database
     where datname = current_database() and locktype = 'relation' and not granted`,
  );
  return rowCount ?? 0;
}

const allHeld = () => vi.waitFor(async () => expect(await held()).toBe(MAX_RUNNING), { timeout: 5000, interval: 20 });

test('120 equal creates at once hold ten connections, and the other tenant is served', async () => {
  const [a, b] = [await api.tenant(), await api.tenant()];
  const keyed = { headers: { 'Idempotency-Key': 'k' } };
  // No key can be claimed, as while the first of them is being carried out.
  const release = await lock('idempotency_keys', 'share');
  const flood = Array.from({ length: 120 }, () => a.post('/api/v1/projects', { name: 'Once' }, keyed));
  await allHeld();
  const begun = performance.now();
  for (let i = 0; i < 10; i++) {
    expect((await b.get('/api/v1/projects')).status).toBe(200);
    expect(await held()).toBeLessThanOrEqual(MAX_RUNNING);
  }
  const took = performance.now() - begun;
  await release();
  const replies = await Promise.all(flood);
  expect(took).toBeLessThan(3000);
  const refused = replies.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(10);
  for (const { json, headers } of refused) {
    expect(json.code).toBe('rate_limited');
    expect(headers.get('Retry-After')).toBe('1');
    expect(headers.get('RateLimit-Policy')).toContain('concurrent-requests');
    expect(headers.get('Server-Timing')).toBeNull();
  }
  const served = replies.filter(({ status }) => status !== 429);
  for (const { status, text } of served) expect([201, 409], text).toContain(status);
  expect((await a.get('/api/v1/projects')).json.data).toHaveLength(1);
});

test('whoever is answered with an error has given the place back', async () => {
  const tenant = await api.tenant();
  for (let round = 0; round < 3; round++) {
    const paths = Array.from({ length: MAX_RUNNING }, () => `/api/v1/tags/${crypto.randomUUID()}`);
    for (const { status } of await Promise.all(paths.map((path) => tenant.get(path)))) expect(status).toBe(404);
  }
});

describe('in workerd, spoken to without a proxy between', () => {
  let directory: string;
  let miniflare: Miniflare;
  let origin: URL;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onetrip-neighbour-'));
    await buildOneWorker(directory);
    const contents = await readFile(join(directory, 'worker', 'index.js'), 'utf8');
    miniflare = new Miniflare({
      modules: [{ type: 'ESModule', path: 'index.js', contents }],
      compatibilityDate: '2026-07-01',
      bindings: { ...api.bindings } as unknown as Record<string, string>,
      // Miniflare's own entrance would not tell the Worker that its caller has gone.
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    });
    await miniflare.ready;
    origin = await miniflare.unsafeGetDirectURL();
  });

  afterAll(async () => {
    await miniflare?.dispose();
    await rm(directory, { recursive: true, force: true });
  });

  const get = async (tenant: TestTenant) => {
    const headers = { Authorization: `Bearer ${await tenant.token()}` };
    const response = await fetch(new URL('/api/v1/projects', origin), { headers });
    await response.text();
    return response.status;
  };

  test('those that wait are served, once there is room', async () => {
    const [a, b] = [await api.tenant(), await api.tenant()];
    expect(await get(a)).toBe(200);
    const release = await lock('projects', 'access exclusive');
    const waiting = Array.from({ length: 4 * MAX_RUNNING }, () => get(a));
    await allHeld();
    await sleep(100);
    await release();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([200]));
    expect(await get(b)).toBe(200);
  });

  test('whoever goes away before the answer has given the place back, once the batch is over', async () => {
    const tenant = await api.tenant();
    const request = `GET /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tenant.token()}\r\n\r\n`;
    const release = await lock('projects', 'access exclusive');
    const sockets = Array.from({ length: MAX_RUNNING }, () => connect(Number(origin.port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => {}).write(request);
    await allHeld();
    for (const socket of sockets) socket.resetAndDestroy();
    // So that the Worker has been told of it before the database answers.
    await sleep(300);
    await release();
    const statuses = await Promise.all(Array.from({ length: MAX_RUNNING }, () => get(tenant)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});
