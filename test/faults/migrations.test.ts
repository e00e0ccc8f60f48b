import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { migrationsDirectory } from '../../dev/local/migrate.ts';
import { run } from '../../dev/run.ts';
import { Cluster, keepLog } from './support.ts';
import { check } from './support-check.ts';
import { Load } from './support-load.ts';
import { Releases } from './support-releases.ts';

/*
 * Migrations are applied to a database of 50 000 tasks while it is read and written, by a role that owns it but is no
 * superuser: nobody gets a 5xx. Every migration of this project that comes after the first ones is among them, by itself.
 */

vi.setConfig({ testTimeout: 90_000 });

/** With this one the API can serve; those before it make tables that every answer is read from. */
const SERVES = '20261120100500';
/** The last of the first release, of which the API needs neither those between to serve. */
const FIRST_RELEASE = '20261120100700';
const OWNER = 'plain_owner';
const TASKS = 50_000;

const examples = fileURLToPath(new URL('migrations', import.meta.url));
const cleanUp = new AsyncDisposableStack();
let cluster: Cluster;
let directory: string;
let load: Load | undefined;
let releases: Releases;

const files = (await readdir(migrationsDirectory)).sort();
const between = files.filter((file) => file.slice(0, 14) > SERVES && file.slice(0, 14) <= FIRST_RELEASE);
const later = files.filter((file) => file.slice(0, 14) > FIRST_RELEASE);

beforeAll(async () => {
  cluster = await Cluster.start(cleanUp, { migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'onetrip-migrations-'));
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  await cluster.ask(`create role ${OWNER} login createrole createdb password '${OWNER}'`);
  await cluster.ask(`alter database faults owner to ${OWNER}`);
  for (const file of files) {
    if (file.slice(0, 14) <= SERVES) await copyFile(join(migrationsDirectory, file), join(directory, file));
  }
  await dbmate('up');
  await cluster.makeWorker();
  await fill();
});

afterAll(() => cleanUp.disposeAsync());

async function makeTenant(): Promise<string> {
  const [tenant] = await cluster.ask(`insert into tenants (name) values ('Acme') returning id`);
  return tenant?.id as string;
}

/** Many rows of another tenant, past the triggers. */
async function fill(): Promise<void> {
  await cluster.connected(async (admin) => {
    await admin.query('set session_replication_role = replica');
    await admin.query(
      `with tenant as (insert into tenants (name) values ('Large') returning id),
         project as (insert into projects (tenant_id, name) select id, 'P' from tenant returning tenant_id, id)
       insert into tasks (tenant_id, project_id, title, position, priority)
       select tenant_id, id, 'task ' || n, n, case when n % 10 = 0 then 1 else 0 end from project, generate_series(1, $1::integer) as n`,
      [TASKS],
    );
    await admin.query('vacuum analyze tasks');
  });
}

function dbmate(command: 'up' | 'down'): Promise<string> {
  return run('dbmate', ['--no-dump-schema', '--migrations-dir', directory, command], {
    DATABASE_URL: `${cluster.url(OWNER)}?sslmode=disable`,
  });
}

/** What gave way to a request is run again, as whoever applies it would. */
async function persist(command: 'up' | 'down'): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await dbmate(command);
      return;
    } catch (error) {
      if (!/lock timeout|deadlock detected/.test(String(error)) || attempt === 20) throw error;
    }
  }
}

async function apply(source: string, file: string): Promise<void> {
  await copyFile(join(source, file), join(directory, file));
  await persist('up');
}

let written = 0;

/** Applies a migration as somebody might write it, the newest of all. */
async function applySql(sql: string, options = ''): Promise<void> {
  const file = `20280101${String(++written).padStart(6, '0')}_written.sql`;
  await writeFile(join(directory, file), `-- migrate:up ${options}\n\n${sql}\n\n-- migrate:down\n`);
  await dbmate('up');
}

async function begin(keys: boolean): Promise<void> {
  keepLog();
  releases = await Releases.start(cluster, await makeTenant());
  load = await Load.start(cluster.bindings, await makeTenant(), { clients: 4, keys, able: true, restMs: 60 }).catch(
    (error) => {
      // Code that came with a later migration may need it for everything; the releases before it are there all the same.
      if (/cannot begin: 503/.test(String(error))) return undefined;
      throw error;
    },
  );
  await more();
}

/** Waits until the load has gone on for a while. */
async function more(): Promise<void> {
  const enough = releases.done + 50;
  await load?.more(50);
  while (releases.done < enough) await sleep(10);
}

async function end(): Promise<void> {
  await more();
  await Promise.all([load?.stop(), releases.stop()]);
}

async function expectUnnoticed(): Promise<void> {
  await end();
  expect([...releases.failures]).toEqual([]);
  expect(load?.violations ?? []).toEqual([]);
  expect(load?.failed ?? 0).toBe(0);
}

afterEach(async () => {
  await Promise.all([load?.stop(), releases?.stop()]);
});

test('what the API can serve without comes, goes and comes again', async () => {
  await begin(false);
  if (later.length === 0) expect(load, 'the API serves').toBeDefined();
  for (const file of between) await apply(migrationsDirectory, file);
  for (const _ of between) await persist('down');
  await persist('up');
  await expectUnnoticed();
});

test('every file since then', async () => {
  await begin(true);
  for (const file of later) await copyFile(join(migrationsDirectory, file), join(directory, file));
  await persist('up');
  await expectUnnoticed();
  // Nobody but a migration has written the tasks of the other tenant.
  expect(
    await cluster.ask(`select count(*) filter (where own_json is null)::integer as unfilled, count(*)::integer as tasks
      from tasks join tenants on tenants.id = tenant_id where tenants.name = 'Large'`),
  ).toEqual([{ unfilled: 0, tasks: TASKS }]);
});

test('the pattern is clean to squawk, which sees through the counter-examples', async () => {
  await run('squawk', [`${examples}/*.sql`]);
  for (const [sql, rule] of [
    [ALTER, 'require-lock-timeout'],
    [INDEX, 'require-concurrent-index-creation'],
  ] as const) {
    const file = join(directory, 'bad.txt');
    await writeFile(file, sql);
    await expect(run('squawk', [file])).rejects.toThrow(rule);
  }
});

describe('the pattern for the next one', { tags: ['release'] }, () => {
  beforeEach(() => begin(true));

  test('an added column, its index, filling it and checking it, and a new table', async () => {
    expect(load, 'the API serves').toBeDefined();
    const started = performance.now();
    for (const file of (await readdir(examples)).sort()) await apply(examples, file);
    expect(load?.answered(started), 'the load went on meanwhile').toBeGreaterThan(50);
    await expectUnnoticed();
    expect(await cluster.ask('select from tasks where priority > 0 and estimate is distinct from priority')).toEqual(
      [],
    );
    expect(await cluster.ask('select from pg_index where not indisvalid')).toEqual([]);
    expect(await cluster.ask('select from pg_constraint where not convalidated')).toEqual([]);
    expect(await cluster.ask(`select from pg_policies where policyname = 'backfill'`)).toEqual([]);
  });

  test('with lock_timeout, a migration that meets a long reader fails, and can be applied when it is gone', async () => {
    const sql = `set local lock_timeout = '2s';\n${ALTER}`;
    await withTransaction('select count(*) from tasks', async () => {
      await expect(applySql(sql)).rejects.toThrow('lock timeout');
    });
    await dbmate('up');
    await expectUnnoticed();
    expect(await check(cluster.ask, (load as Load).ledger)).toEqual([]);
  });

  test('without lock_timeout, everybody else waits for the long reader, too', async () => {
    await withTransaction('select count(*) from tasks', async (over) => {
      const applied = applySql(ALTER);
      await sleep(6500);
      await over();
      await applied;
    });
    await expectNoticed();
  });

  test('an index that is made concurrently lets others write while it waits for a long writer', async () => {
    await withTransaction(`update tasks set priority = 0 where title = 'task 1'`, async (over) => {
      const applied = applySql(CONCURRENT, 'transaction:false');
      await sleep(6000);
      await over();
      await applied;
    });
    await expectUnnoticed();
  });

  test('one that is not makes everybody else wait for the long writer, too', async () => {
    await withTransaction(`update tasks set priority = 0 where title = 'task 2'`, async (over) => {
      const applied = applySql(INDEX);
      await sleep(6500);
      await over();
      await applied;
    });
    await expectNoticed();
  });
});

const ALTER = 'alter table tasks add column if not exists extra text;';
const INDEX = 'create index tasks_extra on tasks (tenant_id, title);';
const CONCURRENT = 'create index concurrently tasks_extra_too on tasks (tenant_id, title);';

/** Does the work while somebody's transaction has done this and is still open; `over` ends it before the work does. */
async function withTransaction(sql: string, work: (over: () => Promise<unknown>) => Promise<void>): Promise<void> {
  await cluster.connected(async (other) => {
    await other.query('begin');
    await other.query(sql);
    await work(() => other.query('rollback'));
    await other.query('rollback');
  });
}

/** The same load, and a migration that should not have been: the test can fail. */
async function expectNoticed(): Promise<void> {
  await end();
  expect(load?.failed).toBeGreaterThan(0);
  expect(load?.violations).toEqual([]);
  expect([...releases.failures]).toEqual(['55P03']);
}
