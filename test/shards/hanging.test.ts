import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { forgetAllHomes } from '../../src/db/shards/known-homes.ts';
import { hostOf, startEndpoint } from '../support/database.ts';
import { tripsOf, useShardedApi } from './world.ts';

/* One database takes connections and never answers, as behind a network that loses packets. */

const api = useShardedApi();
const sockets = new Set<Socket>();
const silent = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => {});
});
let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
/** The bindings with one of the databases at that address. */
let withSilent: (shard: string) => Bindings;

beforeAll(async () => {
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const { port } = silent.address() as AddressInfo;
  const servers = inject('adminUrls').map((url) => new URL(url));
  endpoint = await startEndpoint([...servers, new URL(`postgres://127.0.0.1:${port}`)]);
  const urls = JSON.parse(api.bindings.SHARDS ?? '');
  withSilent = (shard) => ({
    ...api.bindings,
    NEON_ENDPOINT: endpoint.url,
    SHARDS: JSON.stringify({ ...urls, [shard]: urls[shard].replace(/@[^/]+/, `@${hostOf(servers.length)}`) }),
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await endpoint.stop();
});

async function timed<T>(work: Promise<T>): Promise<T & { ms: number }> {
  const begun = performance.now();
  const reply = await work;
  return { ...reply, ms: performance.now() - begun };
}

test('a tenant of another one, whose id gives it, waits some seconds, and once', { timeout: 60_000 }, async () => {
  const tenant = await api.create('b');
  const env = withSilent('a');
  const path = '/api/v1/tags';
  forgetAllHomes();
  const read = await timed(api.call(path, { tenant, env }));
  expect(read.status).toBe(200);
  expect(read.ms).toBeLessThan(10_000);
  expect(tripsOf(await api.call(path, { tenant, env }))).toBe(1);

  forgetAllHomes();
  const write = () => timed(api.call(path, { method: 'POST', body: { name: 'red' }, tenant, env }));
  const lost = await write();
  expect([lost.status, lost.headers.get('Retry-After')]).toEqual([503, '1']);
  expect(lost.ms).toBeLessThan(10_000);
  const again = await write();
  expect([again.status, tripsOf(again)]).toEqual([201, 1]);
});

test('a new tenant is made in one that answers', { timeout: 60_000 }, async () => {
  const env = { ...withSilent('c'), SHARDS_FOR_NEW: 'c,c,c,c,c,a' };
  const { status, ms } = await timed(api.call('/api/v1/tenants', { method: 'POST', body: { name: 'New' }, env }));
  expect(status).toBe(201);
  expect(ms).toBeLessThan(10_000);
});
