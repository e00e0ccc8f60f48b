import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import type { NeonEndpoint, NeonEndpointOptions } from '../../dev/neon-endpoint/index.ts';
import { app } from '../../src/functions/index.ts';
import { useApi } from '../support/api.ts';
import { isSpread, startEndpoint } from '../support/database.ts';
import { keepLog } from './support.ts';

/*
 * What Neon's proxy does apart from running SQL: it limits rates, looks at passwords by itself, opens a connection for each
 * request where its pool is opt-in, and loses PostgreSQL in the middle of a COMMIT. The caller sees 503 with `Retry-After`,
 * what was acknowledged is stored, and an idempotency key makes of two requests one.
 */

const api = useApi();
const TAGS = '/api/v1/tags';
let token: string;
let tenantId: string;

beforeAll(async () => {
  const tenant = await api.tenant();
  tenantId = tenant.id;
  token = await tenant.token();
});

interface Sent {
  path?: string;
  /** The name of a tag to make, which is the idempotency key too; without it, tags are listed. */
  name?: string;
  bindings: Partial<typeof api.bindings>;
}

async function send({ path = TAGS, name, bindings }: Sent) {
  const response = await app.request(
    path,
    {
      headers: {
        Authorization: `Bearer ${token}`,
        ...(name && { 'Content-Type': 'application/json', 'Idempotency-Key': name }),
      },
      ...(name && { method: 'POST', body: JSON.stringify({ name }) }),
    },
    { ...api.bindings, ...bindings },
  );
  const { code } = (await response.json()) as { code?: string };
  const isReplay = response.headers.get('Idempotency-Replayed') === 'true';
  return { status: response.status, code, isReplay, retryAfter: Number(response.headers.get('Retry-After')) };
}

type Reply = Awaited<ReturnType<typeof send>>;

function expectUnavailable(reply: Reply): void {
  expect(reply).toMatchObject({ status: 503, code: 'unavailable' });
  expect(reply.retryAfter).toBeGreaterThan(0);
}

/** @param servers where PostgreSQL is, if not where it really is */
async function start(options: Partial<NeonEndpointOptions>, servers?: URL[]): Promise<NeonEndpoint> {
  const endpoint = await startEndpoint(servers, options);
  onTestFinished(() => endpoint.stop());
  return endpoint;
}

/** How many tags of these names are stored. */
async function stored(...names: string[]): Promise<number> {
  const sql = 'select count(*)::int as n from tags where name = any($1)';
  const { rows } = await api.database.admin.query<{ n: number }>(sql, [names]);
  return rows.reduce((sum, { n }) => sum + n, 0);
}

test('requests beyond the rate are 503, and happen when they are sent again', async () => {
  const log = keepLog();
  const endpoint = await start({ connectionAttempts: { rps: 0.1, burst: 3 } });
  const bindings = { NEON_ENDPOINT: endpoint.url };
  const names = Array.from({ length: 8 }, (_, i) => `rate ${i}`);
  const replies = await Promise.all(names.map((name) => send({ name, bindings })));
  const refused = names.filter((_, i) => replies[i]?.status !== 201);
  for (const reply of replies.filter(({ status }) => status !== 201)) expectUnavailable(reply);
  // One more gets through on a machine on which all this takes 10 s.
  expect([4, 5]).toContain(refused.length);
  // Of several databases, the others are asked whether the tenant is theirs.
  if (!isSpread()) {
    expect(endpoint.requests, 'nothing is sent twice').toBe(names.length);
    expect(log).toHaveLength(refused.length);
  }
  expect(new Set(log.map(({ reason }) => reason))).toEqual(
    new Set(['(HTTP status 500): Too many connections to this endpoint']),
  );
  expect([await stored(...refused), await stored(...names)]).toEqual([0, names.length - refused.length]);

  for (const name of refused)
    expect(await send({ name, bindings: {} })).toMatchObject({ status: 201, isReplay: false });
  expect(await stored(...names)).toBe(names.length);
});

test.each([
  ['password', { password: 'mistyped' }],
  ['user', { username: 'mistyped' }],
])('with a wrong %s, everything and /ready is 503, and the log says why', async (_, part) => {
  const log = keepLog();
  const bindings = api.database.loginAs(part);
  for (const sent of [{}, { name: 'barred' }, { path: '/ready' }]) expectUnavailable(await send({ ...sent, bindings }));
  const reason = 'NeonDbError: password authentication failed';
  // Of several databases, each that is asked says it.
  if (!isSpread()) expect(log).toHaveLength(3);
  expect(log.length).toBeGreaterThanOrEqual(3);
  for (const error of log) expect(error).toMatchObject({ event: 'database_error', reason });
  expect(JSON.stringify(log)).not.toContain('mistyped');
});

test('where PostgreSQL has no connection left for the role, the log has its SQLSTATE', async () => {
  const log = keepLog();
  const { admin } = api.database;
  await admin.query(`create role crowded login password 'x' connection limit 0`);
  onTestFinished(async () => void (await admin.query('drop role crowded')));
  expectUnavailable(await send({ bindings: api.database.loginAs({ username: 'crowded', password: 'x' }) }));
  if (!isSpread()) expect(log).toHaveLength(1);
  expect(new Set(log.map(({ reason }) => reason))).toEqual(new Set(['(HTTP status 500): 53300']));
});

test('a connection that no request had before serves reads, writes and their retries', async () => {
  const bindings = { NEON_ENDPOINT: (await start({ poolOptIn: true })).url };
  const sent = { name: 'fresh', bindings };
  const replies = [
    await send({ bindings }),
    await send(sent),
    await send(sent),
    await send({ path: '/ready', bindings }),
  ];
  expect(replies.map(({ status, isReplay }) => [status, isReplay])).toEqual([
    [200, false],
    [201, false],
    [201, true],
    [200, false],
  ]);
});

/** A PostgreSQL behind a wire, which is cut at the first COMMIT: before it arrives, or before its answer does. */
async function cutAtCommit(where: 'before' | 'after', server: URL): Promise<URL> {
  let isArmed = true;
  const wire = createServer((client) => {
    const postgres = connect(Number(server.port), '127.0.0.1');
    let isCut = false;
    const cut = () => {
      client.destroy();
      postgres.destroy();
    };
    for (const socket of [client, postgres]) socket.on('error', () => {}).on('close', cut);
    client.on('data', (chunk) => {
      isCut ||= isArmed && chunk.includes('COMMIT\0');
      if (isCut) isArmed = false;
      if (isCut && where === 'before') cut();
      else postgres.write(chunk);
    });
    postgres.on('data', (chunk) => {
      if (isCut) cut();
      else client.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void wire.close());
  await once(wire, 'listening');
  return Object.assign(new URL(server), { port: (wire.address() as AddressInfo).port });
}

test.each([
  ['before', 0],
  ['after', 1],
] as const)('cut %s the COMMIT, a write is 503, and its retry with the same key leaves one', async (where, count) => {
  const log = keepLog();
  const home = await api.database.connect(tenantId);
  onTestFinished(() => home.end());
  const servers = inject('adminUrls').map((url) => new URL(url));
  const at = servers.findIndex(({ port }) => Number(port) === home.port);
  servers.splice(at, 1, await cutAtCommit(where, servers[at] as URL));
  const endpoint = await start({}, servers);
  const sent = { name: `cut ${where}`, bindings: { NEON_ENDPOINT: endpoint.url } };
  expectUnavailable(await send(sent));
  expect(endpoint.requests, 'what may have been committed is not sent again').toBe(1);
  expect(log).toMatchObject([{ event: 'database_error', reason: 'NeonDbError: connection closed' }]);
  expect(await stored(sent.name)).toBe(count);
  expect(await send(sent)).toMatchObject({ status: 201, isReplay: where === 'after' });
  expect(await stored(sent.name)).toBe(1);
});
