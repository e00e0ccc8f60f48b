import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { forgetAllHomes } from '../../src/db/shards/known-homes.ts';
import { app } from '../../src/functions/index.ts';
import { Cluster, keepLog } from '../faults/support.ts';
import { check } from '../faults/support-check.ts';
import { Load } from '../faults/support-load.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';
import { WORKER_ROLE } from '../support/global-setup.ts';
import { startNodeServer } from '../support/node-server.ts';

/*
 * Three PostgreSQL servers, one of which is killed and comes back. Its own tenants notice, and who asks for all of them, and
 * nobody else: with the driver that keeps connections, and with the one that asks over HTTP.
 */

vi.setConfig({ testTimeout: 30_000 });

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];
type Send = (path: string, init: RequestInit) => Response | Promise<Response>;

const cleanUp = new AsyncDisposableStack();
const clusters = {} as Record<Name, Cluster>;

beforeAll(async () => {
  for (const name of NAMES) clusters[name] = await Cluster.start(cleanUp);
});

afterAll(async () => {
  forgetAllHomes();
  await cleanUp.disposeAsync();
});

const portOf = (name: Name) => Number(new URL(clusters[name].url()).port);

/** By default ids give `a`, which also has the directory. */
function bindings(hostOf: (name: Name) => string): Bindings {
  const urls = NAMES.map((name) => [name, `postgres://${WORKER_ROLE}:worker@${hostOf(name)}/faults`]);
  return { SHARDS: JSON.stringify(Object.fromEntries(urls)), JWT_SECRET };
}

/** Over the local Neon endpoint, in this process. */
async function overHttp(): Promise<{ env: Bindings; send: Send }> {
  const computes = Object.fromEntries(NAMES.map((name) => [name, { host: '127.0.0.1', port: portOf(name) }]));
  const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: portOf('a') }, computes });
  onTestFinished(() => endpoint.stop());
  const env = { ...bindings((name) => name), NEON_ENDPOINT: endpoint.url };
  return { env, send: (path, init) => app.request(path, init, env) };
}

/** The server on Node, whose pools have had connections to all three. */
async function onNode(): Promise<Send> {
  const server = await startNodeServer(bindings((name) => `127.0.0.1:${portOf(name)}`) as Record<string, string>);
  onTestFinished(async () => {
    await server.end();
  });
  return (path, init) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
}

/** Sends a request of a tenant's admin, or of the platform. */
async function call(send: Send, method: string, path: string, tenant?: string, body?: unknown) {
  const token = await signToken(tenant ? { tenant_id: tenant, role: 'admin', sub: 'tester' } : { role: 'platform' });
  const response = await send(path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const retryAfter = Number(response.headers.get('Retry-After'));
  return { status: response.status, retryAfter, json: text ? JSON.parse(text) : undefined };
}

/** Makes a tenant in each database. */
async function makeTenants(send: Send): Promise<Record<Name, string>> {
  const made = {} as Record<Name, string>;
  for (const shard of NAMES) {
    const { json } = await call(send, 'POST', '/api/v1/tenants', undefined, { name: shard, shard });
    made[shard] = json.id;
  }
  return made;
}

/** What is said while one server is down: 503 to its tenants and to who asks for all, each told when to ask again. */
async function expectDown(send: Send, down: Name, tenants: Record<Name, string>): Promise<void> {
  const start = performance.now();
  for (const name of NAMES) {
    const read = await call(send, 'GET', '/api/v1/tags', tenants[name]);
    const written = await call(send, 'POST', '/api/v1/tags', tenants[name], { name: randomUUID() });
    if (name === down) {
      for (const refused of [read, written]) {
        expect(refused).toMatchObject({ status: 503, json: { code: 'unavailable' } });
        expect(refused.retryAfter).toBeGreaterThan(0);
      }
    } else expect([read.status, written.status], `${name} while ${down} is down`).toEqual([200, 201]);
  }
  const list = await call(send, 'GET', '/api/v1/tenants');
  expect(list).toMatchObject({ status: 503, json: { code: 'unavailable' } });
  const ready = await call(send, 'GET', '/ready');
  expect(ready).toMatchObject({ status: 503, json: { detail: expect.stringMatching(new RegExp(`^${down}: `)) } });
  for (const refused of [list, ready]) expect(refused.retryAfter).toBeGreaterThan(0);
  expect((await call(send, 'GET', '/health')).status).toBe(200);
  expect(performance.now() - start, 'nobody is kept waiting').toBeLessThan(3000);
}

async function expectUp(send: Send, tenants: Record<Name, string>): Promise<void> {
  for (const name of NAMES) expect((await call(send, 'GET', '/api/v1/tags', tenants[name])).status, name).toBe(200);
  for (const path of ['/api/v1/tenants', '/ready']) expect((await call(send, 'GET', path)).status, path).toBe(200);
}

test('one is killed, to which connections are kept: 503 for its own tenants, until it is back', async () => {
  const send = await onNode();
  const tenants = await makeTenants(send);
  await expectUp(send, tenants);
  await clusters.b.down('kill');
  await expectDown(send, 'b', tenants);
  await clusters.b.up();
  await expectUp(send, tenants);
});

test('the one that has the directory is killed, and nobody knows where tenants are: the same', async () => {
  keepLog();
  const { send } = await overHttp();
  const tenants = await makeTenants(send);
  await clusters.a.down('kill');
  forgetAllHomes();
  await expectDown(send, 'a', tenants);
  await clusters.a.up();
  await expectUp(send, tenants);
});

test('one is killed under load: its tenants lose nothing, and the others see no failure', {
  tags: ['release'],
}, async () => {
  const log = keepLog();
  const { env, send } = await overHttp();
  const tenants = await makeTenants(send);
  const loads = {} as Record<Name, Load>;
  for (const name of NAMES) loads[name] = await Load.start(env, tenants[name], { clients: 2, restMs: 50 });
  for (const load of Object.values(loads)) await load.more(20);
  await clusters.b.down('kill');
  await loads.b.more(20);
  const { first, late } = await loads.b.recovery(await clusters.b.up());
  expect(first).toBeLessThan(2000);
  expect(late).toBe(0);
  await expectUp(send, tenants);
  for (const name of NAMES) {
    const load = loads[name];
    await load.stop();
    if (name === 'b') expect(load.failed, 'the fault was felt').toBeGreaterThan(0);
    else expect(load.failed, name).toBe(0);
    expect(load.violations).toEqual([]);
    expect(await check(clusters[name].ask, load.ledger)).toEqual([]);
  }
  expect(log.filter(({ event }) => event !== 'database_error')).toEqual([]);
});
