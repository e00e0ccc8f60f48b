import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { WORKER_ROLE } from '../support/global-setup.ts';
import { Cluster, keepLog, terminateWorkers, type WayDown } from './support.ts';
import { check } from './support-check.ts';
import { FaultyEndpoint } from './support-endpoint.ts';
import { Load } from './support-load.ts';

/*
 * PostgreSQL, or the connection to it, fails in the middle of reads and writes. Callers see 503 with `Retry-After` meanwhile, and nothing worse;
 * within 2 s of its return everything works; and what they were told is what is stored.
 */

vi.setConfig({ testTimeout: 90_000 });

const cleanUp = new AsyncDisposableStack();
let cluster: Cluster;
let endpoint: FaultyEndpoint;
let load: Load;
let log: Record<string, unknown>[];

beforeAll(async () => {
  cluster = await Cluster.start(cleanUp, { settings: { max_connections: '40' } });
  endpoint = await FaultyEndpoint.start(cluster.endpoint.url);
  cleanUp.defer(() => endpoint.stop());
});

afterAll(() => cleanUp.disposeAsync());

beforeEach(async () => {
  log = keepLog();
  const [tenant] = await cluster.ask(`insert into tenants (name) values ('Acme') returning id`);
  const bindings = { ...cluster.bindings, NEON_ENDPOINT: endpoint.url };
  load = await Load.start(bindings, tenant?.id as string, { clients: 6, restMs: 100 });
  await load.more(60);
  expect(load.failed).toBe(0);
});

afterEach(() => load.stop());

/** After a fault that is over since `over`: recovered in time, nothing wrong said, nothing lost or done twice. */
async function expectRecovery(over: number): Promise<void> {
  const { first, late } = await load.recovery(over);
  await load.stop();
  expect(load.failed, 'the fault was felt').toBeGreaterThan(0);
  expect(first).toBeLessThan(2000);
  expect(late).toBe(0);
  expect(load.violations).toEqual([]);
  expect(log.filter(({ event }) => event !== 'database_error')).toEqual([]);
  expect(await check(cluster.ask, load.ledger)).toEqual([]);
}

async function downAndUp(way: WayDown): Promise<void> {
  await cluster.down(way);
  await load.more(30);
  await expectRecovery(await cluster.up());
}

test('PostgreSQL is killed, and started again', () => downAndUp('kill'));

test.for<[string, WayDown]>([
  ['fast', 'fast'],
  ['at once', 'immediate'],
])('PostgreSQL is stopped, %s, and started again', { tags: ['release'] }, ([, way]) => downAndUp(way));

test('a backend is killed, and PostgreSQL starts anew by itself', { tags: ['release'] }, async () => {
  const started =
    "select pg_postmaster_start_time() as at, pid from pg_stat_activity where usename = $1 and state <> 'idle'";
  let victim: number | undefined;
  while (!victim) victim = (await cluster.ask(started, [WORKER_ROLE]))[0]?.pid as number | undefined;
  process.kill(victim, 'SIGKILL');
  await load.more(10);
  await expectRecovery(await cluster.accepts());
});

test('its backends are terminated, again and again', { tags: ['release'] }, async () => {
  let terminated = 0;
  for (let round = 0; round < 10; round++) {
    terminated += await terminateWorkers(cluster.ask);
    await sleep(50);
  }
  expect(terminated).toBeGreaterThan(20);
  await expectRecovery(performance.now());
});

test('the role has no connection left (53300)', { tags: ['release'] }, async () => {
  await cluster.ask(`alter role ${WORKER_ROLE} connection limit 1`);
  await terminateWorkers(cluster.ask);
  await load.more(50);
  await cluster.ask(`alter role ${WORKER_ROLE} connection limit -1`);
  await expectRecovery(performance.now());
});

test('the server has no connection left (53300)', { tags: ['release'] }, async () => {
  const others: pg.Client[] = [];
  await cluster.connected(async (admin) => {
    // The last ones go to superusers, so this ends when the slots that are kept for them are taken too.
    for (let full = false; !full; ) {
      const client = new pg.Client({ connectionString: cluster.url() });
      client.on('error', () => {});
      full = await client.connect().then(
        () => false,
        ({ code }) => code === '53300',
      );
      if (!full) others.push(client);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [WORKER_ROLE]);
    }
  });
  await load.more(50);
  await Promise.all(others.map((client) => client.end()));
  await expectRecovery(performance.now());
});

test('DDL holds a lock for longer than a request waits (55P03)', async () => {
  await cluster.connected(async (admin) => {
    await admin.query('begin');
    await admin.query('alter table tasks add column extra text');
    await sleep(6000);
    await admin.query('rollback');
  });
  const over = performance.now();
  expect(load.told.some(({ start, end, status }) => status === 503 && end - start > 4900)).toBe(true);
  await expectRecovery(over);
});

test('the database lets nobody in (55000)', { tags: ['release'] }, async () => {
  await cluster.outside(async (admin) => {
    await admin.query('alter database faults allow_connections false');
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [WORKER_ROLE]);
    await load.more(30);
    await admin.query('alter database faults allow_connections true');
  });
  await expectRecovery(performance.now());
});

test('the endpoint is down', async () => {
  await endpoint.whileDown(() => load.more(50));
  await expectRecovery(performance.now());
});

test('answers are lost on their way, after the commit', async () => {
  await endpoint.during(
    async (response, forward) => {
      const { status, body } = await forward();
      if (load.random() < 0.5) response.destroy();
      else response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    },
    () => load.more(300),
  );
  await expectRecovery(performance.now());
  expect(load.replayed, 'writes that were sent again').toBeGreaterThan(3);
});
