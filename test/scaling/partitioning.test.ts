import { randomUUID } from 'node:crypto';
import { neonConfig } from '@neondatabase/serverless';
import { loadModule, parseSync } from 'libpg-query';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { migrate } from '../../dev/local/migrate.ts';
import { faults } from '../db/catalogue-rules.ts';
import { useApi } from '../support/api.ts';
import { describeSchema } from '../support/catalogue.ts';
import { callExample, definitions, makeWorld } from '../support/examples.ts';
import { JANITOR_ROLE, WORKER_ROLE } from '../support/global-setup.ts';
import { partitionTasks } from '../support/partitioned.ts';
import { insideFunction, type Statement } from '../support/sql.ts';
import { storedRows, tenantTables } from '../support/stored.ts';
import { checkTenantLed } from './tenant-led.ts';

/*
 * The tables as db/scaling parts them: what was stored stays, the way back leads to the same schema, no request touches
 * more than the one part of its tenant, and a part is no way around row-level security. The whole API suite runs on
 * it with ONETRIP_SCHEMA=partitioned (docs/scaling.md).
 *
 * @module-tag release
 */

const WHOLES = ['tasks', 'task_tags'];
/** Of each table, as partition-tasks.sql has it. */
const PARTS = 16;

const partsOf = async (client: pg.Client, table: string) =>
  (
    await client.query<{ name: string }>(
      'select relid::regclass::text as name from pg_partition_tree($1) where isleaf',
      [table],
    )
  ).rows.map(({ name }) => name);

const parted = inject('partitioned');

describe.skipIf(parted)('parting the tables and taking it back', () => {
  const api = useApi();
  const { database } = api;

  test('keeps every row and, on the way back, every line of the catalogue', async () => {
    const { admin } = database;
    for (let n = 0; n < 40; n++) await makeWorld(api);
    const { tenant, task } = await makeWorld(api);
    await tenant.call(`/api/v1/tasks/${task}`, { method: 'DELETE' });
    const [schema, rows] = [await describeSchema(admin), await storedRows(admin)];
    expect(rows.tasks).toHaveLength(82);

    await partitionTasks(admin, 'up');
    expect(await storedRows(admin)).toEqual(rows);
    expect(await faults(admin, 'every tree is planned alike')).toEqual([]);
    for (const whole of WHOLES) {
      expect(await partsOf(admin, whole)).toHaveLength(PARTS);
      const { rows: used } = await admin.query(`select distinct tableoid from ${whole}`);
      expect(used.length).toBeGreaterThan(5);
    }

    await partitionTasks(admin, 'down');
    expect(await storedRows(admin)).toEqual(rows);
    expect(await describeSchema(admin)).toEqual(schema);
  });

  test('gives up within 2 s where a request holds a table, and has changed nothing', async () => {
    const holder = new pg.Client({ connectionString: urlOf(database.url.slice(database.url.lastIndexOf('/') + 1)) });
    await holder.connect();
    onTestFinished(() => holder.end());
    await holder.query('begin; select from tags');
    const schema = await describeSchema(database.admin);
    await expect(partitionTasks(database.admin, 'up')).rejects.toThrow('lock timeout');
    expect(await describeSchema(database.admin)).toEqual(schema);
  });
});

describe('as an owner who is no superuser', () => {
  const OWNER = `owner_${randomUUID().slice(0, 8)}`;
  let admin: pg.Client;
  let owner: pg.Client;

  beforeAll(async () => {
    admin = await connect(urlOf('postgres'));
    await admin.query(`create role ${OWNER} login createrole password '${OWNER}'`);
    await admin.query(
      `grant onetrip_app, onetrip_auditor, onetrip_search, onetrip_janitor, onetrip_refresher, onetrip_courier, onetrip_outbox to ${OWNER} with admin option`,
    );
    await admin.query(`create database ${OWNER} owner ${OWNER}`);
    const url = new URL(urlOf(OWNER));
    url.username = url.password = OWNER;
    await migrate(url.href, 'up');
    owner = await connect(url.href);
  });

  afterAll(async () => {
    await owner?.end();
    await admin.query(`drop database if exists ${OWNER} with (force)`);
    await admin.query(`drop owned by ${OWNER} cascade`);
    await admin.query(`drop role ${OWNER}`);
    await admin.end();
  });

  test('every row is copied, and the way back leads to the same schema', async () => {
    const superuser = await connect(urlOf(OWNER));
    onTestFinished(() => superuser.end());
    await superuser.query(`
      insert into tenants (name) select 'Tenant ' || n from generate_series(1, 40) as n;
      insert into projects (tenant_id, name) select id, 'Website' from tenants;
      insert into tasks (tenant_id, project_id, title, position) select tenant_id, id, 'Sketch', 1 from projects;`);
    const [schema, rows] = [await describeSchema(superuser), await storedRows(superuser)];
    await partitionTasks(owner, 'up');
    expect(await storedRows(superuser)).toEqual(rows);
    await partitionTasks(owner, 'down');
    expect(await storedRows(superuser)).toEqual(rows);
    expect(await describeSchema(superuser)).toEqual(schema);
  });
});

describe('on the parted tables', () => {
  const api = useApi(parted ? {} : { prepare: (admin) => partitionTasks(admin, 'up') });
  let worker: pg.Client;
  let tables: Set<string>;

  beforeAll(async () => {
    await loadModule();
    tables = new Set(await tenantTables(api.database.admin));
    worker = await connect(urlOf(new URL(api.database.url).pathname.slice(1), WORKER_ROLE, 'worker'));
    // Rows in most parts: what reads none of them would prove nothing.
    for (let n = 0; n < 30; n++) await makeWorld(api);
  });
  afterAll(() => worker.end());

  /**
   * The parts that a batch reads or writes, by PostgreSQL's own counters of a transaction that is rolled back. They
   * count what EXPLAIN does not show, too: the work of triggers, of foreign keys and within functions.
   */
  async function touched(client: pg.Client, batch: Statement[]): Promise<string[]> {
    // Counters of the transaction before would still be there otherwise.
    await client.query('select pg_stat_force_next_flush()');
    await client.query('begin');
    try {
      for (const { query, params } of batch) await client.query(query, params);
      const { rows } = await client.query<{ relname: string }>(`
        select relname from pg_stat_xact_user_tables
        where relname ~ '^(${WHOLES.join('|')})_[0-9]+$' and seq_scan + idx_scan + n_tup_ins + n_tup_upd + n_tup_del > 0`);
      return rows.map(({ relname }) => relname);
    } finally {
      await client.query('rollback');
    }
  }

  /** What each batch of some work touches and by which tenant's ids, asked before it is really sent. */
  async function touchedBy(work: () => Promise<unknown>): Promise<{ parts: string[]; tenants: Set<unknown> }[]> {
    const batches: { parts: string[]; tenants: Set<unknown> }[] = [];
    const original = neonConfig.fetchFunction;
    neonConfig.fetchFunction = async (url: string, init: RequestInit) => {
      const { queries } = JSON.parse(String(init.body)) as { queries: Statement[] };
      batches.push({ parts: await touched(worker, queries), tenants: new Set(queries.flatMap(tenantsOf)) });
      return original(url, init);
    };
    try {
      await work();
    } finally {
      neonConfig.fetchFunction = original;
    }
    return batches;
  }

  /** The values that a statement compares tenants' columns with, and gives them. */
  function tenantsOf(statement: Statement): unknown[] {
    const { query, params } = insideFunction(statement);
    const { parameters } = checkTenantLed(parseSync(query), tables, new Set(['schema_migrations']));
    return [...parameters].map((number) => params[number - 1]);
  }

  /** Requests that have nothing to do with tasks. */
  const ELSEWHERE = [
    'mcp',
    ...definitions.map(({ operationId }) => operationId).filter((name) => name.includes('webhook')),
    'create-tag',
    'get-tag',
    'list-audit-log',
    'create-tenant',
    'delete-tenant',
    'list-tenants',
    'update-tenant',
    'get-own-tenant',
    'ready',
    'create-member',
    'get-member',
    'list-members',
    'update-member',
    'get-me',
    'put-me',
  ].concat(['create-api-key', 'list-api-keys', 'delete-api-key']);

  test.each(
    definitions
      .filter(({ operationId }) => !['docs', 'health', 'openapi'].includes(operationId))
      .map((definition) => [definition.operationId, definition] as const),
  )('%s succeeds, and touches one part', async (name, definition) => {
    const world = await makeWorld(api, definition);
    let status = 0;
    const batches = await touchedBy(async () => {
      status = (await callExample(api, definition, world)).status;
    });
    expect(status).toBe(definition.success.status);
    expect(batches).toHaveLength(1);
    const { parts, tenants } = batches[0] ?? { parts: [], tenants: new Set() };
    const wholes = parts.map((part) => part.replace(/_\d+$/, ''));
    expect(new Set(wholes).size, parts.join()).toBe(wholes.length);
    if (definition.access !== 'platform' && name !== 'ready') expect([...tenants]).toEqual([world.tenant.id]);
    expect(parts.length > 0).toBe(!ELSEWHERE.includes(name));
  });

  test('a query without its tenant would be seen to touch them all', async () => {
    const query = 'select count(*) from tasks where id = $1';
    expect(await touched(api.database.admin, [{ query, params: [randomUUID()] }])).toHaveLength(PARTS);
  });

  test('a part lets nobody in: nothing is granted, and its row-level security has no policy', async () => {
    const { admin } = api.database;
    const parts = (await Promise.all(WHOLES.map((whole) => partsOf(admin, whole)))).flat();
    expect(parts).toHaveLength(WHOLES.length * PARTS);
    for (const part of parts) {
      for (const role of [WORKER_ROLE, JANITOR_ROLE, 'onetrip_search', 'onetrip_auditor', 'onetrip_refresher']) {
        const client = role === WORKER_ROLE ? worker : admin;
        await client.query('begin');
        if (client === admin) await client.query(`set local role ${role}`);
        for (const statement of [`select from ${part}`, `delete from ${part}`, `truncate ${part}`]) {
          await client.query('savepoint before');
          await expect(client.query(statement)).rejects.toThrow('permission denied');
          await client.query('rollback to savepoint before');
        }
        await client.query('rollback');
      }
      // Were it granted by mistake, still no row would be shown.
      await admin.query(`begin; grant select on ${part} to onetrip_app; set local role onetrip_app`);
      expect((await admin.query(`select from ${part}`)).rowCount).toBe(0);
      await admin.query('rollback');
    }
    expect((await admin.query('select from tasks')).rowCount).toBeGreaterThan(30);
  });
});

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

function urlOf(database: string, user?: string, password?: string): string {
  const url = new URL(inject('adminUrl'));
  url.pathname = `/${database}`;
  if (user && password) Object.assign(url, { username: user, password });
  return url.href;
}
