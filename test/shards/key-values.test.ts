import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Miniflare, type WorkerOptions } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeByHash } from '../../src/db/shards/home-by-hash.ts';
import type { TenantKeyValues } from '../../src/db/shards/shards.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';
import { startEndpoint } from '../support/database.ts';
import { oneWorker } from '../support/deployments.ts';
import { bindingsOf, closed, moveWhole, type Shard, useShards } from '../support/shards.ts';
import { tripsOf } from './world.ts';

/*
 * The one Worker as it is deployed, in Cloudflare's runtime, with a namespace of KV for a copy of the directory of tenants. The
 * ids of tenants give `a` or `b`; `c` is a database that was added. KV on this machine is never out of date, so that is brought
 * about: an entry is taken away, or set back, as another location may see it for a minute.
 */

/** Isolates of the same Worker: `creator` makes tenants, each other one knows nothing of a tenant until it is asked for it. */
const ISOLATES = ['creator', '1', '2', '3', '4', '5'];

const shards = useShards(['a', 'b', 'c']);
const logged: string[] = [];
let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
let miniflare: Miniflare;

/** Stand-ins for a KV that does not work, called as KV is. */
const BROKEN = `
  import { WorkerEntrypoint } from 'cloudflare:workers';
  export default { fetch: () => new Response() };
  export class Failing extends WorkerEntrypoint {
    get() { throw new Error('KV GET failed: 500'); }
    put() { throw new Error('KV PUT failed: 429'); }
  }
  export class Silent extends WorkerEntrypoint {
    get() { return new Promise((resolve) => setTimeout(resolve, 5000)); }
    put() { return new Promise((resolve) => setTimeout(resolve, 5000)); }
  }`;

beforeAll(async () => {
  endpoint = await startEndpoint();
  const { assets: _, ...worker } = oneWorker({
    ...bindingsOf(shards),
    SHARDS_BY_HASH: 'a,b',
    NEON_ENDPOINT: endpoint.url,
    JWT_SECRET,
    LOG_LEVEL: 'warn',
  }) as WorkerOptions;
  const isolate = (name: string, more: Partial<WorkerOptions>) => ({ ...worker, name, ...more }) as WorkerOptions;
  miniflare = new Miniflare({
    workers: [
      ...ISOLATES.map((name) => isolate(name, { kvNamespaces: { TENANT_DIRECTORY: 'tenants' } })),
      ...['Failing', 'Silent'].map((entrypoint) =>
        isolate(entrypoint, { serviceBindings: { TENANT_DIRECTORY: { name: 'broken', entrypoint } } }),
      ),
      { name: 'broken', modules: true, script: BROKEN, compatibilityDate: '2026-07-01' },
    ],
    handleRuntimeStdio: (_: Readable, errors: Readable) => {
      createInterface({ input: errors }).on('line', (line) => logged.push(line));
    },
  });
  await miniflare.ready;
});
afterAll(async () => {
  await miniflare.dispose();
  await endpoint.stop();
});

/** As the Workers have them. Miniflare's own types want those of Cloudflare's runtime to be global. */
const entries = async () =>
  (await miniflare.getKVNamespace('TENANT_DIRECTORY', 'creator')) as unknown as TenantKeyValues;
const workerOf = async (isolate: string) =>
  (await miniflare.getWorker(isolate)) as unknown as {
    fetch: typeof fetch;
    scheduled(event: { cron: string }): Promise<unknown>;
  };
const entryOf = async (tenant: string) => (await entries()).get(tenant);

/** Calls an isolate as an admin of a tenant, or as the platform. */
async function call(isolate: string, path: string, { tenant, body }: { tenant?: string; body?: unknown } = {}) {
  const token = await signToken(tenant ? { tenant_id: tenant, role: 'admin', sub: 'tester' } : { role: 'platform' });
  const worker = await workerOf(isolate);
  const response = await worker.fetch(`http://onetrip.test/api/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const headers = new Headers([...response.headers]);
  const reply = { status: response.status, headers, text, json: text ? JSON.parse(text) : undefined };
  return { ...reply, trips: tripsOf(reply) };
}

const addTag = (isolate: string, tenant: string, name: string) => call(isolate, 'tags', { tenant, body: { name } });

/** Makes a tenant in `c`, whose id gives this database, and waits until its entry is written. */
async function createInC(byId: 'a' | 'b'): Promise<string> {
  for (;;) {
    const { status, json } = await call('creator', 'tenants', { body: { name: 'Acme', shard: 'c' } });
    expect(status, logged.join('\n')).toBe(201);
    await expect.poll(() => entryOf(json.id)).toBe('c');
    if (homeByHash(json.id, ['a', 'b']) === byId) return json.id;
  }
}

test('a new tenant has its home written there, and an isolate that knows nothing reads it', async () => {
  const tenant = await createInC('a');
  expect(await addTag('1', tenant, 'first')).toMatchObject({ status: 201, trips: 1 });
  // One whose id gives its database needs no entry, and gets none.
  const { json } = await call('creator', 'tenants', { body: { name: 'By id', shard: 'b' } });
  expect(await call('1', 'tenant', { tenant: json.id })).toMatchObject({ status: 200, trips: 1 });
  expect(await entryOf(json.id)).toBeNull();
});

describe('where it does not say so yet, right after the tenant was made', () => {
  test.each([
    ['the first database', 'a', 2],
    ['another one', 'b', 3],
  ] as const)('and the id gives %s, the tenant is served, and its entry written', async (_, byId, trips) => {
    const tenant = await createInC(byId);
    await (await entries()).delete(tenant);
    expect(await addTag('1', tenant, 'first')).toMatchObject({ status: 201, trips });
    await expect.poll(() => entryOf(tenant)).toBe('c');
    const read = await call('1', 'tags', { tenant });
    expect(read).toMatchObject({ status: 200, trips: 1, json: { data: [{ name: 'first' }] } });
  });
});

test('a tenant that has moved costs the first isolate a round trip, which then writes its home anew', async () => {
  const tenant = await createInC('a');
  await addTag('creator', tenant, 'first');
  const read = (isolate: string) => call(isolate, 'tags', { tenant });
  for (const [to, before, misled, told] of [
    ['b', 'c', '1', '2'],
    ['a', 'b', '3', '4'],
  ] as const) {
    await moveWhole(shards, tenant, to);
    expect(await entryOf(tenant)).toBe(before);
    expect(await read(misled)).toMatchObject({ status: 200, trips: 2, json: { data: [{ name: 'first' }] } });
    await expect.poll(() => entryOf(tenant)).toBe(to);
    expect(await read(told)).toMatchObject({ status: 200, trips: 1 });
  }
  // An entry of a database that is no more; the tenant's id gives `a`.
  await (await entries()).put(tenant, 'removed');
  expect(await read('5')).toMatchObject({ status: 200, trips: 1 });
  await expect.poll(() => entryOf(tenant)).toBe('a');
});

test('with it, a tenant does not notice that the first database is down', async () => {
  const tenant = await createInC('a');
  await closed(shards, 'a', async () => {
    expect(await addTag('1', tenant, 'first')).toMatchObject({ status: 201, trips: 1 });
  });
});

test.each([
  ['Failing', /"event":"tenant_directory_failed","reason":"Error"/],
  ['Silent', /"event":"tenant_directory_failed","reason":"TimeoutError"/],
])('%s, it keeps nobody from anything, and the log says so', async (name, line) => {
  const tenant = await createInC('b');
  expect(await addTag(name, tenant, 'first')).toMatchObject({ status: 201, trips: 3 });
  const { status, json } = await call(name, 'tenants', { body: { name: 'Made', shard: 'c' } });
  expect([status, (await call('1', 'tags', { tenant: json.id })).status]).toEqual([201, 200]);
  await expect.poll(() => logged.join('\n')).toMatch(line);
});

test('a tenant that is purged leaves no entry', async () => {
  const tenant = await createInC('a');
  await shards.get('c')?.admin.query(`update tenants set status = 'deleting' where id = $1`, [tenant]);
  await (await workerOf('creator')).scheduled({ cron: '17 * * * *' });
  expect(await entryOf(tenant)).toBeNull();
  const rows = async ({ admin }: Shard) => (await admin.query('select from tenants where id = $1', [tenant])).rowCount;
  expect(await Promise.all([...shards.values()].map(rows))).toEqual([0, 0, 0]);
});
