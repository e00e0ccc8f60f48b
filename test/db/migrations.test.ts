import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrate, migrationsDirectory } from '../../dev/local/migrate.ts';
import { type PostgresServer, startPostgres } from '../../dev/local/postgres.ts';
import { describeSchema } from '../support/catalogue.ts';
import { insert, makeTenant, makeWorld, rolledBack, value } from './sessions.ts';

/*
 * In a cluster of its own, because the migrations make and drop roles, which all databases of a cluster share.
 */

// There are many files, and the machine may have other work.
vi.setConfig({ testTimeout: 90_000 });

const OWNER = 'plain_owner';

let directory: string;
let postgres: PostgresServer;
let files: string[];
const clients: pg.Client[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onetrip-migrations-'));
  postgres = await startPostgres({ dataDir: directory, durable: false });
  files = (await readdir(migrationsDirectory)).sort();
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

function url(database: string, user?: string): string {
  const result = new URL(postgres.adminUrl);
  result.pathname = `/${database}`;
  if (user) Object.assign(result, { username: user, password: user });
  return result.href;
}

async function connect(database: string, user?: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url(database, user) });
  await client.connect();
  clients.push(client);
  return client;
}

/**
 * One migration up or down, by the SQL of its file, because dbmate is a process for each. PostgreSQL takes one message as
 * one transaction, and a single statement (`transaction:false`) outside of any.
 */
async function apply(client: pg.Client, file: string, direction: 'up' | 'down'): Promise<void> {
  const [up = '', down = ''] = (await readFile(join(migrationsDirectory, file), 'utf8')).split(/^-- migrate:down.*$/m);
  await client.query(direction === 'up' ? up : down);
}

/** All migrations down, which dbmate has brought up. */
async function allDown(target: string): Promise<void> {
  const client = new pg.Client({ connectionString: target });
  await client.connect();
  try {
    for (const file of files.toReversed()) {
      await apply(client, file, 'down');
      await client.query('delete from schema_migrations where version = $1', [file.slice(0, 14)]);
    }
  } finally {
    await client.end();
  }
}

/** What the migrations made, without the table in which dbmate keeps which of them ran. */
async function ours(client: pg.Client): Promise<string[]> {
  return (await describeSchema(client)).filter((line) => !/^\w+ schema_migrations/.test(line));
}

describe('migrations', () => {
  let schema: string[];

  test('each down takes back exactly what its up made, and up again gives the same schema', async () => {
    const system = await connect('postgres');
    await system.query('create database app');
    const admin = await connect('app');
    await migrate(url('app'), 'up');
    schema = await describeSchema(admin);
    expect(schema.length).toBeGreaterThan(100);
    const made = await ours(admin);
    await allDown(url('app'));

    const before: string[][] = [];
    for (const file of files) {
      before.push(await ours(admin));
      await apply(admin, file, 'up');
    }
    expect(await ours(admin)).toEqual(made);
    for (const [n, expected] of [...before.entries()].toReversed()) {
      await apply(admin, files[n] as string, 'down');
      expect(await ours(admin), files[n]).toEqual(expected);
    }

    await migrate(url('app'), 'up');
    await migrate(url('app'), 'down');
    expect(await ours(admin)).toEqual(before.at(-1));
    await migrate(url('app'), 'up');
    await allDown(url('app'));
    expect(await value(admin, 'select count(*)::int from schema_migrations')).toBe(0);

    await migrate(url('app'), 'up');
    expect(await describeSchema(admin)).toEqual(schema);
  });

  test('down with rows in every table, too', async () => {
    const admin = await connect('app');
    await makeWorld(admin);
    await allDown(url('app'));
    await migrate(url('app'), 'up');
    expect(await describeSchema(admin)).toEqual(schema);
  });

  test('roles that another database of the cluster needs stay, and serve both', async () => {
    await migrate(url('beside'), 'up');
    await allDown(url('app'));
    const beside = await connect('beside');
    expect(await describeSchema(beside)).toEqual(schema);
    await migrate(url('app'), 'up');
    expect(await describeSchema(await connect('app'))).toEqual(schema);
    await beside.end();
    await (await connect('app')).query('drop database beside');
  });

  test("the Worker's login role still works after down and up", async () => {
    const admin = await connect('app');
    await admin.query(`create role worker login password 'worker' in role onetrip_app`);
    await allDown(url('app'));
    await migrate(url('app'), 'up');
    const worker = await connect('app', 'worker');
    try {
      expect(await value(worker, 'select count(*)::int from projects')).toBe(0);
    } finally {
      await admin.query('drop role worker');
    }
  });

  test('run as a role that is no superuser, but owns its database and may make roles', async () => {
    const admin = await connect('app');
    await allDown(url('app'));
    await admin.query(`create role ${OWNER} login createrole createdb password '${OWNER}'`);
    await admin.query(`create database plain owner ${OWNER}`);
    const target = url('plain', OWNER);

    await migrate(target, 'up');
    const plain = await connect('plain');
    const made = await describeSchema(plain);
    expect(made.map((line) => line.replaceAll(OWNER, 'postgres'))).toEqual(schema);

    await allDown(target);
    await migrate(target, 'up');
    expect(await describeSchema(plain)).toEqual(made);
  });

  test('so made, triggers and cascades work, though row-level security holds for the owner too', async () => {
    const owner = await connect('plain', OWNER);
    await owner.query(`create role worker login password 'worker' in role onetrip_app`);
    const admin = await connect('plain');
    const tenant = await makeTenant(admin);
    const worker = await connect('plain', 'worker');
    const id = '00000000-0000-7000-8000-000000000000';
    const batch = async (work: () => Promise<unknown>) => {
      await worker.query('begin');
      await worker.query(`select set_tenant_context($1, 'ann', 'request-1')`, [tenant]);
      await work();
      await worker.query('commit');
    };
    await batch(async () => {
      await insert(worker, 'projects', { tenant_id: tenant, id, name: 'Website' });
      await insert(worker, 'tasks', { tenant_id: tenant, id, project_id: id, title: 'Sketch', position: 1 });
      for (const name of ['design', 'late']) await insert(worker, 'tags', { tenant_id: tenant, name });
      await worker.query('insert into task_tags select tenant_id, $1, id from tags', [id]);
      expect((await worker.query('select search_projects($1)', ['web'])).rows).toHaveLength(1);
    });
    expect((await owner.query('select from task_tags')).rows).toHaveLength(0);

    await batch(() => worker.query(`delete from task_tags using tags where tags.id = tag_id and name = 'late'`));
    expect(await value(admin, 'select version from tasks')).toBe(2);
    await batch(() => worker.query(`delete from tags where name = 'design'`));
    expect(await value(admin, 'select version from tasks')).toBe(2);
    await batch(() => worker.query('delete from projects'));
    const log = await admin.query(
      `select resource_type as type, action, actor, count(*)::int from audit_log
       where resource_type <> 'tenant' group by 1, 2, 3 order by 1, 2`,
    );
    const ann = { actor: 'ann' };
    expect(log.rows).toEqual([
      { type: 'project', action: 'insert', ...ann, count: 1 },
      { type: 'project', action: 'purge', ...ann, count: 1 },
      { type: 'tag', action: 'delete', ...ann, count: 1 },
      { type: 'tag', action: 'insert', ...ann, count: 2 },
      { type: 'tagging', action: 'delete', ...ann, count: 2 },
      { type: 'tagging', action: 'insert', ...ann, count: 2 },
      { type: 'task', action: 'insert', ...ann, count: 1 },
      { type: 'task', action: 'purge', ...ann, count: 1 },
    ]);
  });

  test('a second owner in the cluster needs what docs/deploying.md has the first one grant', async () => {
    const admin = await connect('postgres');
    await admin.query(`create role second_owner login createrole createdb password 'second_owner'`);
    await admin.query('create database second owner second_owner');
    const target = url('second', 'second_owner');
    await expect(migrate(target, 'up')).rejects.toThrow('permission denied to grant role "onetrip_auditor"');

    const [grant = ''] = /^ *grant onetrip_app, .*;$/m.exec(await readFile('docs/deploying.md', 'utf8')) ?? [];
    const first = await connect('plain', OWNER);
    await first.query(grant.replace('SECOND_OWNER', 'second_owner'));
    await migrate(target, 'up');
    const second = await connect('second');
    const made = await describeSchema(second);
    const tables = (lines: string[]) =>
      lines.filter((line) => /^(relation|column|constraint|index|function|trigger|policy) /.test(line));
    expect(tables(made).length).toBeGreaterThan(100);
    expect(tables(made).map((line) => line.replaceAll('second_owner', 'postgres'))).toEqual(tables(schema));

    await second.end();
    await admin.query('drop database second');
    await admin.query('drop owned by second_owner');
    await admin.query('drop role second_owner');
  });

  describe('the description that they are compared by', () => {
    let admin: pg.Client;
    let before: string[];

    beforeAll(async () => {
      admin = await connect('plain');
      before = await describeSchema(admin);
    });

    const CHANGES = {
      'an extension': 'create extension btree_gin',
      'a privilege on the database': `do $$ begin execute format('grant temp on database %I to public', current_database()); end $$`,
      'a statistics target': 'alter table tags alter column tenant_id set statistics 100',
      'a grant on a schema': 'grant create on schema public to onetrip_app',
      'a role': 'alter role onetrip_app createdb',
      'a membership': 'grant onetrip_search to onetrip_app',
      'a table': 'create table more ()',
      'a grant on a table': 'grant truncate on tags to onetrip_app',
      'a grant on a column': 'grant update (changes) on audit_log to onetrip_app',
      'row-level security that is off': 'alter table tags disable row level security',
      'row-level security that is not forced': 'alter table tags no force row level security',
      'a view': 'create view all_tags as select * from tags',
      'a type of a column': 'alter table idempotency_keys alter location type varchar',
      'a default': 'alter table tasks alter priority set default 1',
      'a collation': 'alter table tenants alter name type text collate "C"',
      'a generated column': 'alter table tags alter key drop expression',
      'a constraint': 'alter table tags drop constraint tags_color_check',
      'a foreign key': `alter table tags drop constraint tags_tenant_id_fkey,
        add constraint tags_tenant_id_fkey foreign key (tenant_id) references tenants`,
      'an index': 'drop index tags_by_age',
      'the order of an index': `drop index tags_by_age; create index tags_by_age on tags (tenant_id, created_at desc, id)`,
      'a function': 'alter function tag_key(text) volatile',
      'the owner of a function': 'alter function search_projects(text) owner to postgres',
      'a grant on a function': 'grant execute on function set_platform_context(text, text) to public',
      'a trigger': 'drop trigger stamp on tags',
      'a trigger that is off': 'alter table tags disable trigger stamp',
      'a policy': 'alter policy tenant on tags using (true)',
      'a type': `create type colour as enum ('red')`,
      'a default privilege': 'alter default privileges grant select on tables to onetrip_app',
    };

    test.each(Object.entries(CHANGES))('tells of %s', async (_, change) => {
      await rolledBack(admin, async () => {
        await admin.query(change);
        expect(await describeSchema(admin)).not.toEqual(before);
      });
    });
  });
});
