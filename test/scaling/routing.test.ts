import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadModule, type Node, parseSync } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';
import { queryFunctions } from '../../dev/build/query-functions.ts';
import { useDatabase } from '../support/database.ts';
import { tenantTables as tablesInCatalogue } from '../support/stored.ts';
import { checkTenantLed, type Verdict } from './tenant-led.ts';

/*
 * Whether the SQL that is committed names the tenant for every table: every statement that an endpoint sends, and every
 * function in SQL that it calls. So one partition answers it. Citus' router wants more than that, see docs/scaling.md.
 */

const SNAPSHOTS = 'test/__snapshots__/sql';
const MIGRATIONS = 'db/migrations';

/** Bound to the tenant, but in a place where a router by statement takes no INSERT. */
const TAGGINGS = ['InsertStmt within WITH'];

/** What is not as it must be, and why. */
const EXCEPTIONS: Record<string, string[]> = {
  'create-project': [...TAGGINGS, ...TAGGINGS],
  'create-task': [...TAGGINGS, ...TAGGINGS],
  // One statement inserts a tag, and refuses where its name is taken.
  'create-tag': TAGGINGS,
  batch: [...TAGGINGS, ...TAGGINGS, ...TAGGINGS, ...TAGGINGS],
  // Of a PATCH of tags, what takes some off and puts others on is one statement.
  'update-task': ['DeleteStmt within WITH', ...TAGGINGS],
  // The platform's list is of all tenants: not a tenant's request.
  'list-tenants': ['tenants is not bound to the tenant'],
};

/** Without tenants, the same on every node: what dbmate keeps. */
const OTHERS = new Set(['schema_migrations']);

const database = useDatabase();
const tenantTables = new Set<string>();
/** By name, as the last migration that makes them has them. */
const functions = new Map<string, Node[]>();

beforeAll(async () => {
  await loadModule();
  for (const file of readdirSync(MIGRATIONS)) {
    const up = readFileSync(join(MIGRATIONS, file), 'utf8').split('-- migrate:down')[0] ?? '';
    for (const { stmt } of parseSync(up).stmts ?? []) {
      if (stmt && 'CreateStmt' in stmt) {
        const columns = (stmt.CreateStmt.tableElts ?? []).map((one) => 'ColumnDef' in one && one.ColumnDef.colname);
        if (columns.includes('tenant_id')) tenantTables.add(stmt.CreateStmt.relation?.relname ?? '');
      }
      if (stmt && 'CreateFunctionStmt' in stmt) {
        const name =
          stmt.CreateFunctionStmt.funcname?.map((one) => ('String' in one ? one.String.sval : '')).at(-1) ?? '';
        const { sql_body } = stmt.CreateFunctionStmt;
        const lists = sql_body && 'List' in sql_body ? (sql_body.List.items ?? []) : [];
        functions.set(
          name,
          lists.flatMap((list) => ('List' in list ? (list.List.items ?? []) : [])),
        );
      }
    }
  }
});

const check = (sql: string): Verdict => checkTenantLed(parseSync(sql), tenantTables, OTHERS);

test('the tables of tenants are found in the migrations', async () => {
  expect([...tenantTables].sort()).toEqual((await tablesInCatalogue(database.admin)).sort());
});

describe('every statement of', () => {
  let references = 0;
  const files = readdirSync(SNAPSHOTS);

  test.each(files)('%s is led by the tenant', (file) => {
    const verdict = check(readFileSync(join(SNAPSHOTS, file), 'utf8'));
    references += verdict.references;
    expect(verdict.faults).toEqual(EXCEPTIONS[file.replace('.sql', '')] ?? []);
  });

  test('so many places were looked at', () => {
    expect(files.length).toBeGreaterThan(30);
    expect(references).toBeGreaterThan(150);
  });
});

test('every function in SQL that reads a tenant’s table is led by the tenant', () => {
  const reading = [...functions].map(([name, body]) => {
    const { faults, references } = checkTenantLed({ stmts: body.map((stmt) => ({ stmt })) }, tenantTables, OTHERS);
    return { name, faults, references };
  });
  // Those of former releases are there too.
  const isQuery = new RegExp(`^(${queryFunctions.map(({ name }) => name).join('|')})_[0-9a-f]{8}$`);
  const queries = reading.filter(({ name }) => isQuery.test(name)).map(({ name }) => name);
  expect(queries).toEqual(expect.arrayContaining(queryFunctions.map(({ fullName }) => fullName)));
  expect(reading.filter(({ name, references }) => references > 0 && !isQuery.test(name))).toEqual(
    [
      ['search_projects', 1],
      ['search_tasks', 1],
      ['tags_json_of', 2],
      ['mark_tags_json_stale', 2],
      ['task_own_json', 1],
      ['search_members', 1],
      ['search_comments', 1],
      ['assignees_json_of', 2],
      ['erasable_subject', 1],
      ['changed_resources', 2],
      ['forget_some_of_outbox', 3],
    ].map(([name, references]) => ({ name, faults: [], references })),
  );
  expect(reading.flatMap(({ faults }) => faults)).toEqual([]);
});

const unbound = (...tables: string[]) => tables.map((table) => `${table} is not bound to the tenant`);

test.each<[string, string, string[]]>([
  ['no predicate', 'select id from tasks where id = $1', unbound('tasks')],
  ['no WHERE at all', 'delete from task_tags', unbound('task_tags')],
  [
    'a join on ids alone',
    'select 1 from tasks as t join projects as p on p.id = t.project_id where t.tenant_id = $1',
    unbound('projects'),
  ],
  ['a predicate under OR', 'select 1 from tasks where tenant_id = $1 or id = $2', unbound('tasks')],
  ['a predicate that is denied', 'select 1 from tasks where not (tenant_id = $1)', unbound('tasks')],
  ['another operator', 'select 1 from tasks where tenant_id >= $1', unbound('tasks')],
  ['another column', 'select 1 from tasks where project_id = $1', unbound('tasks')],
  ['a list of tenants', 'select 1 from tasks where tenant_id = any($1)', unbound('tasks')],
  ['a column of its own', 'select 1 from tasks where tenant_id = id', unbound('tasks')],
  [
    'two tables bound to each other alone',
    'select 1 from tasks as t join tags as g on g.tenant_id = t.tenant_id',
    unbound('tasks', 'tags'),
  ],
  [
    'a subquery, though what is around it is bound',
    'select (select count(*) from tags) from tasks where tenant_id = $1',
    unbound('tags'),
  ],
  [
    'what is around a subquery that is bound',
    'select 1 from tasks as t where exists (select from tags as g where g.tenant_id = t.tenant_id and g.tenant_id = $1)',
    unbound('tasks'),
  ],
  [
    'the side of a left join that its condition does not filter',
    'select 1 from tasks as t left join tags as g on t.tenant_id = $1 and g.tenant_id = $1',
    unbound('tasks'),
  ],
  [
    'a full join',
    'select 1 from tasks as t full join tags as g on g.tenant_id = t.tenant_id and t.tenant_id = $1',
    unbound('tasks', 'tags'),
  ],
  [
    'the arm of a recursion',
    `with recursive up as (
      select id, parent_id from tasks where tenant_id = $1
      union all select t.id, t.parent_id from up join tasks as t on t.id = up.parent_id
    ) select id from up`,
    unbound('tasks'),
  ],
  [
    'one arm of a union',
    'select id from tasks where tenant_id = $1 union all select id from projects',
    unbound('projects'),
  ],
  [
    'a subquery in FROM that does not say its neighbour’s tenant',
    'select 1 from tasks as t, lateral (select id from tags as g where g.id = t.id) as l where t.tenant_id = $1',
    unbound('tags'),
  ],
  ['a WITH', 'with all_of_them as (select * from tags) select 1 from all_of_them', unbound('tags')],
  ['an UPDATE', 'update tasks set title = $1 where id = $2', unbound('tasks')],
  [
    'an UPDATE by a join on ids',
    'update tasks set title = $1 from projects as p where p.tenant_id = $2 and p.id = tasks.project_id',
    unbound('tasks'),
  ],
  [
    'an UPDATE that sets the tenant',
    'update tasks set tenant_id = $1 where tenant_id = $2',
    ['UPDATE of tasks sets the tenant'],
  ],
  [
    'a DELETE whose USING is unbound',
    'delete from tasks using tags where tasks.tenant_id = $1 and tags.id = tasks.id',
    unbound('tags'),
  ],
  ['an INSERT without the tenant', 'insert into tags (name) values ($1)', unbound('tags')],
  ['an INSERT with it once', 'insert into tags (tenant_id, name) values ($1, $2), (default, $3)', unbound('tags')],
  [
    'an INSERT with another table’s id for it',
    'insert into tags (name, tenant_id) select name, id from projects where tenant_id = $1',
    unbound('tags'),
  ],
  [
    'ON CONFLICT of another key',
    'insert into tags (tenant_id, key) values ($1, $2) on conflict (key) do nothing',
    ['ON CONFLICT of tags is not led by the tenant'],
  ],
  [
    'a change within WITH',
    'with gone as (delete from tags where tenant_id = $1 returning id) select id from gone',
    ['DeleteStmt within WITH'],
  ],
  ['a table that nobody knows', 'select 1 from secrets', ['secrets is not a table that is known']],
  ['a sample', 'select 1 from tasks tablesample system (1)', ['RangeTableSample is not looked through']],
])('a planted fault is found: %s', (_, sql, faults) => {
  expect(check(sql).faults).toEqual(faults);
});

test.each<[string, string]>([
  ['a cast', 'select 1 from tasks where $1::uuid = tenant_id'],
  [
    'a chain',
    `select 1 from tasks as t join task_tags as tt on tt.tenant_id = t.tenant_id
     left join tags as g on g.tenant_id = tt.tenant_id where t.tenant_id = $1`,
  ],
  [
    'the tenant out of a subquery and a WITH',
    `with found as (select t.* from tasks as t where t.tenant_id = $1), cut as (select * from found limit 1)
     select (select count(*) from task_tags where task_tags.tenant_id = cut.tenant_id) from cut`,
  ],
  [
    'a lateral',
    'select 1 from tasks as t, lateral (select from tags where tenant_id = t.tenant_id) as l where t.tenant_id = $1',
  ],
  [
    'INSERT from a bound table',
    'insert into task_tags (task_id, tenant_id) select id, tenant_id from tasks where tenant_id = $1',
  ],
])('what is led by the tenant passes: %s', (_, sql) => {
  expect(check(sql).faults).toEqual([]);
});
