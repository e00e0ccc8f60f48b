import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { neonConfig } from '@neondatabase/serverless';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../dev/local/postgres.ts';
import { type NeonEndpoint, startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import { app } from '../../src/functions/index.ts';
import { isConditionalRead, mayBeEventual } from '../../src/http/endpoint/definition.ts';
import { Cluster } from '../faults/support.ts';
import {
  type Call,
  JWT_SECRET,
  type Reply,
  signToken,
  type TestApi,
  type TestTenant,
  WEBHOOK_KEYS,
} from '../support/api.ts';
import { insertApiKey } from '../support/api-keys.ts';
import { callExample, definitions, makeWorld, type World } from '../support/examples.ts';

/*
 * The API before a primary and a real hot standby that streams from it (PostgreSQL manual, §26.2 and §26.4): every read
 * of a caller who may be behind is answered by the standby, every write by the primary.
 *
 * @module-tag release
 */

const cleanUp = new AsyncDisposableStack();
let primary: Cluster;
let standby: PostgresServer;
let standbyEndpoint: NeonEndpoint;
let replica: pg.Client;
let bindings: Cluster['bindings'];
const originalFetch = neonConfig.fetchFunction;

beforeAll(async () => {
  primary = await Cluster.start(cleanUp, { settings: { wal_level: 'replica' } });
  const [{ data_directory } = {}] = await primary.ask('show data_directory');
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-standby-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  // A cold copy: there is no pg_basebackup among the binaries that npm installs.
  await primary.down('fast');
  await promisify(execFile)('cp', [
    '-a',
    String(data_directory),
    join(dirname(String(data_directory)), 'postgres-password'),
    directory,
  ]);
  await primary.up();
  await writeFile(join(directory, 'postgres', 'standby.signal'), '');
  const { hostname, port, username, password } = new URL(primary.url());
  standby = await startPostgres({
    dataDir: directory,
    durable: false,
    settings: {
      primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
      hot_standby: 'on',
    },
  });
  cleanUp.defer(() => standby.stop());
  standbyEndpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: standby.port } });
  cleanUp.defer(() => standbyEndpoint.stop());
  const url = new URL(primary.url());
  url.port = String(standby.port);
  replica = new pg.Client({ connectionString: url.href });
  await replica.connect();
  cleanUp.defer(() => replica.end());

  // On Neon each database has a host of its own; here each has an endpoint, and the host says which.
  bindings = {
    ...primary.bindings,
    LOG_LEVEL: 'warn',
    WEBHOOK_KEYS,
    DATABASE_URL_READONLY: primary.bindings.DATABASE_URL?.replace('@localhost', '@replica.localhost'),
  };
  neonConfig.fetchFunction = (to: string, init: RequestInit) => {
    const wanted = new Headers(init.headers).get('Neon-Connection-String') ?? '';
    return originalFetch(wanted.includes('@replica.') ? standbyEndpoint.url : to, init);
  };
}, 120_000);

afterAll(async () => {
  neonConfig.fetchFunction = originalFetch;
  await cleanUp.disposeAsync();
});

/** As much of the API as an example needs. */
const api = {
  database: {
    admin: { query: async (text: string, values?: unknown[]) => ({ rows: await primary.ask(text, values) }) },
  } as unknown as TestApi['database'],
  async call(path, { method = 'GET', token, body, headers = {} } = {}): Promise<Reply> {
    const response = await app.request(
      path,
      {
        method,
        headers: {
          'Content-Type': 'application/json',
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      bindings,
    );
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: text ? JSON.parse(text) : undefined };
  },
  platform: async (path, call) => api.call(path, { token: await signToken({ role: 'platform' }), ...call }),
  async tenant() {
    const [row] = await primary.ask(`insert into tenants (name) values ('Acme') returning id`);
    const id = String(row?.id);
    const token: TestTenant['token'] = (role = 'admin', sub = 'tester') =>
      signToken({ tenant_id: id, role, sub }, JWT_SECRET);
    const call: TestTenant['call'] = async (path, { role, ...rest } = {}) =>
      api.call(path, { token: await token(role), ...rest });
    return { id, token, call, get: call, post: (path, body, rest) => call(path, { method: 'POST', body, ...rest }) };
  },
} as TestApi;

const EVENTUAL: Call = { headers: { 'Onetrip-Consistency': 'eventual' } };

/** How many requests each database was sent by some work. */
async function asked(work: () => Promise<unknown>): Promise<{ primary: number; standby: number }> {
  const before = [primary.endpoint.requests, standbyEndpoint.requests] as const;
  await work();
  return { primary: primary.endpoint.requests - before[0], standby: standbyEndpoint.requests - before[1] };
}

/** Waits until the standby has replayed what the primary has written. */
async function caughtUp(): Promise<void> {
  const [row] = await primary.ask('select pg_current_wal_lsn() as lsn');
  await vi.waitFor(
    async () => {
      const { rows } = await replica.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn as there', [row?.lsn]);
      expect(rows).toEqual([{ there: true }]);
    },
    { timeout: 10_000, interval: 20 },
  );
}

test('the standby is one, and streams', async () => {
  expect((await replica.query('select pg_is_in_recovery() as standby')).rows).toEqual([{ standby: true }]);
  await vi.waitFor(async () => {
    expect(await primary.ask('select state from pg_stat_replication')).toEqual([{ state: 'streaming' }]);
  }, 10_000);
});

const reads = definitions.filter(mayBeEventual);

test.each(reads.map((definition) => [definition.operationId, definition] as const))(
  '%s is answered by the standby as by the primary',
  async (_, definition) => {
    const world = await makeWorld(api, definition);
    await caughtUp();
    let replies: Reply[] = [];
    const count = await asked(async () => {
      replies = [await callExample(api, definition, world), await callExample(api, definition, world, EVENTUAL)];
    });
    expect(count).toEqual({ primary: 1, standby: 1 });
    for (const { status } of replies) expect(status).toBe(200);
    expect(replies[1]?.json).toEqual(replies[0]?.json);
    expect(replies[1]?.headers.get('ETag')).toBe(replies[0]?.headers.get('ETag'));
  },
);

test('what may never be of before is read from the primary, whatever the caller says', async () => {
  const always = definitions.filter((definition) => isConditionalRead(definition) && !mayBeEventual(definition));
  expect(always.map(({ operationId }) => operationId)).toEqual(['list-changes']);
  for (const definition of always) {
    const world = await makeWorld(api, definition);
    const count = await asked(async () => {
      expect((await callExample(api, definition, world, EVENTUAL)).status).toBe(200);
    });
    expect(count).toEqual({ primary: 1, standby: 0 });
  }
});

test('there are reads to try', () => expect(reads.length).toBeGreaterThan(10));

test.each(
  definitions
    .filter(({ method }) => method !== 'get')
    .map((definition) => [definition.operationId, definition] as const),
)('%s goes to the primary, whatever it says of consistency', async (_, definition) => {
  const world = await makeWorld(api, definition);
  const count = await asked(async () => {
    expect((await callExample(api, definition, world, EVENTUAL)).status).toBe(definition.success.status);
  });
  expect(count).toEqual({ primary: 1, standby: 0 });
});

test('a write that reaches the standby is 503 with Retry-After, and nothing is written', async () => {
  const { tenant } = await makeWorld(api);
  await caughtUp();
  const atPrimary = bindings;
  bindings = { ...bindings, DATABASE_URL: bindings.DATABASE_URL_READONLY as string };
  try {
    const count = await asked(async () => {
      const reply = await tenant.post('/api/v1/tags', { name: 'lost' });
      expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(reply.headers.get('Retry-After')).toBe('1');
    });
    expect(count.primary).toBe(0);
    expect(count.standby).toBeGreaterThan(0);
  } finally {
    bindings = atPrimary;
  }
  expect(await primary.ask(`select from tags where name = 'lost'`)).toEqual([]);
});

test('who is behind sees it, who wrote does not: replay is held up', async () => {
  const { tenant }: World = await makeWorld(api);
  await caughtUp();
  const names = async (call?: Call) =>
    (await tenant.get('/api/v1/tags', call)).json.data.map((tag: { name: string }) => tag.name);
  await replica.query('select pg_wal_replay_pause()');
  try {
    expect((await tenant.post('/api/v1/tags', { name: 'new' })).status).toBe(201);
    expect(await names()).toEqual(['design', 'new']);
    expect(await names(EVENTUAL)).toEqual(['design']);
  } finally {
    await replica.query('select pg_wal_replay_resume()');
  }
  await caughtUp();
  expect(await names(EVENTUAL)).toEqual(['design', 'new']);
});

test('a tenant suspended at the primary is refused by the standby too, once it has caught up', async () => {
  const { tenant } = await makeWorld(api);
  await primary.ask(`update tenants set status = 'suspended' where id = $1`, [tenant.id]);
  await caughtUp();
  expect(await tenant.get('/api/v1/tags', EVENTUAL)).toMatchObject({ status: 403 });
});

test('an API key is looked up at the primary, so that it is good, and revoked, at once', async () => {
  const { tenant } = await makeWorld(api);
  await replica.query('select pg_wal_replay_pause()');
  try {
    const { id, key } = await insertApiKey(api, tenant);
    const count = await asked(async () => {
      expect((await api.call('/api/v1/tags', { token: key, ...EVENTUAL })).status).toBe(200);
      expect((await tenant.call(`/api/v1/api-keys/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await api.call('/api/v1/tags', { token: key, ...EVENTUAL })).status).toBe(401);
    });
    expect(count).toEqual({ primary: 3, standby: 0 });
  } finally {
    await replica.query('select pg_wal_replay_resume()');
  }
});

test('without the standby, who may be behind gets 503 and everybody else an answer', async () => {
  const { tenant } = await makeWorld(api);
  await caughtUp();
  await replica.end();
  await standby.stop();
  const reply = await tenant.get('/api/v1/tags', EVENTUAL);
  expect(reply.status).toBe(503);
  expect(reply.headers.get('Retry-After')).toBe('1');
  expect((await tenant.get('/api/v1/tags')).status).toBe(200);
});
