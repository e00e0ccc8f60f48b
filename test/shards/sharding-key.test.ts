import { expect, onTestFinished, test } from 'vitest';
import { startTap } from '../db/client/pg-support.ts';
import { JWT_SECRET, signToken } from '../support/api.ts';
import { addressOf } from '../support/database.ts';
import { WORKER_ROLE } from '../support/global-setup.ts';
import { type NodeServer, startNodeServer } from '../support/node-server.ts';
import { bindingsOf, useShards } from '../support/shards.ts';

/*
 * The server on Node with a sharding proxy before its databases: what goes by the proxy, and with whose key, and what goes to
 * each database directly. A way to the first database stands for the proxy, which pgdog.test.ts has.
 */

const shards = useShards(['a', 'b'], addressOf);

async function start(more: Record<string, string>) {
  const tap = await startTap(shards.get('a')?.admin.port ?? 0);
  const first = new URL(shards.get('a')?.url ?? '').pathname;
  const server = await startNodeServer({
    DATABASE_URL: `postgres://${WORKER_ROLE}:worker@127.0.0.1:${tap.port}${first}`,
    SHARDING_KEY: 'pgdog.sharding_key',
    JWT_SECRET,
    ...more,
  });
  onTestFinished(async () => {
    await server.end();
  });
  /** The keys of the batches that have gone by the proxy since the last look: null of one that has none. */
  const keys = () =>
    tap.bytes.splice(0).flatMap((sent) => {
      if (!/commit\0|rollback\0/.test(sent)) return [];
      return [/\0set local pgdog\.sharding_key to '([^']*)'\0/.exec(sent)?.[1] ?? null];
    });
  return { server, keys };
}

async function call(server: NodeServer, method: string, path: string, by: string | { tenant: string }, body?: unknown) {
  const token = typeof by === 'string' ? by : await signToken({ tenant_id: by.tenant, role: 'admin' });
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': `${method} ${path}`,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : undefined };
}

test('a tenant’s requests go by the proxy with its key, also where the platform makes or changes it', async () => {
  const { server, keys } = await start({ SHARDS: bindingsOf(shards).SHARDS ?? '' });
  const platform = await signToken({ role: 'platform' });
  expect((await server.logged('listening')).ready).toBe(true);
  expect(keys()).toEqual([]);

  const made = await call(server, 'POST', '/api/v1/tenants', platform, { name: 'Acme' });
  const { id } = made.json;
  expect([made.status, keys()]).toEqual([201, [id]]);
  const project = await call(server, 'POST', '/api/v1/projects', { tenant: id }, { name: 'P' });
  expect([project.status, keys()]).toEqual([201, [id]]);
  // The stored answer is fetched by a batch of its own.
  const replayed = await call(server, 'POST', '/api/v1/projects', { tenant: id }, { name: 'P' });
  expect([replayed.json.id, keys()]).toEqual([project.json.id, [id, id]]);
  const key = await call(server, 'POST', '/api/v1/api-keys', { tenant: id }, { name: 'CI', role: 'viewer' });
  expect([key.status, keys()]).toEqual([201, [id]]);
  const read = await call(server, 'GET', `/api/v1/projects/${project.json.id}`, key.json.key);
  expect([read.status, keys()]).toEqual([200, [id]]);
  const upper = await call(server, 'PATCH', `/api/v1/tenants/${id.toUpperCase()}`, platform, { status: 'suspended' });
  expect([upper.status, keys()]).toEqual([200, [id]]);
  const deleted = await call(server, 'DELETE', `/api/v1/tenants/${id}`, platform);
  expect([deleted.status, keys()]).toEqual([202, [id]]);
});

test('what concerns all tenants goes to each database directly', async () => {
  const { server, keys } = await start({ SHARDS: bindingsOf(shards).SHARDS ?? '' });
  const platform = await signToken({ role: 'platform' });
  const ids = await Promise.all(
    [...shards.values()].map(async ({ admin }) => {
      const { rows } = await admin.query(`insert into tenants (name) values ('somebody') returning id`);
      return rows[0].id;
    }),
  );
  const { status, json } = await call(server, 'GET', '/api/v1/tenants?limit=100', platform);
  expect(status).toBe(200);
  expect(json.data.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(ids));
  expect(await call(server, 'GET', '/ready', '')).toMatchObject({ status: 200 });
  const placed = await call(server, 'POST', '/api/v1/tenants', platform, { name: 'Acme', shard: 'b' });
  expect(placed).toMatchObject({ status: 400, json: { errors: [{ pointer: '/shard' }] } });
  expect(keys()).toEqual([]);
});

test('and is refused where these are not known, in place of answered for one of them', async () => {
  const { server, keys } = await start({});
  expect(await server.logged('not_ready')).toMatchObject({ detail: expect.stringContaining('SHARDS') });
  const platform = await signToken({ role: 'platform' });
  for (const path of ['/api/v1/tenants', '/ready']) {
    expect(await call(server, 'GET', path, platform), path).toMatchObject({
      status: 503,
      json: { code: 'unavailable' },
    });
  }
  expect(keys()).toEqual([]);
  const made = await call(server, 'POST', '/api/v1/tenants', platform, { name: 'Acme' });
  expect([made.status, keys()]).toEqual([201, [made.json.id]]);
});
