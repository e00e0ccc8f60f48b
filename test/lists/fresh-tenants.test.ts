import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functions } from '../../src/functions/index.ts';
import document from '../../src/functions/meta/openapi.json' with { type: 'json' };
import { dereference, listed, type Schema } from '../endpoints/bad-slots.ts';
import { type TestApi, type TestTenant, useApi } from '../support/api.ts';
import { explainGeneric, recordStatements } from '../support/sql.ts';
import { tenantTables } from '../support/stored.ts';

/*
 * How PostgreSQL carries out each read where its statistics do not know the tenant: because it came after the last
 * ANALYZE, or because there was none yet. Each list with each of its filters and sorts, and each nested read, handles no
 * more rows than a few times what the tenant has, and touches no more pages: nothing grows with the square of it, and
 * nothing is read through.
 */

const [PROJECTS, TASKS, TAGS, TAGGINGS, MEMBERS, COMMENTS] = [40, 1000, 600, 15, 300, 2];
/**
 * Rows of the fresh tenant, in all tables: each task has its taggings, its comments and an entry in the audit log. A comment
 * has a mention and an entry too.
 */
const ROWS = PROJECTS + TASKS + TAGS + TAGGINGS * TASKS + TASKS + MEMBERS + 3 * COMMENTS * TASKS;

/** A value for each filter, by its name. A filter that is not here fails the test. */
const FILTERS: Record<string, string[]> = {
  q: ['ta', 'task 7 pro', 'none'],
  metadata: ['{"n":7}', '{"kind":"same"}', '{"a":{}}'],
  tag: ['g1', 'none'],
  name: ['project 7'],
  // Where it is a list; otherwise the document names the values.
  status: ['pending,completed'],
  priority_min: ['1'],
  parent_id: ['none', 'TASK'],
  project_id: ['PROJECT'],
  due_after: ['2026-05-01'],
  due_before: ['2026-05-01'],
  overdue: ['true'],
  created_after: ['2020-01-01T00:00:00Z'],
  created_before: ['2030-01-01T00:00:00Z'],
  updated_after: ['2020-01-01T00:00:00Z'],
  updated_before: ['2030-01-01T00:00:00Z'],
  resource_type: ['task'],
  resource_id: ['TASK'],
  actor: ['tester'],
  action: ['insert', 'purge'],
  after: ['2020-01-01T00:00:00Z'],
  before: ['2030-01-01T00:00:00Z'],
  assignee: ['MEMBER', 'me', 'none'],
  author: ['me', 'MEMBER'],
  mentions: ['me', 'MEMBER'],
  blocked: ['true', 'false'],
  assignee_role: [],
};
/** What says how a page is cut and shown, and not which rows are on it. */
const PAGING = ['limit', 'cursor', 'skip', 'count', 'sort', 'fields', 'task_limit'];

interface Parameter {
  name: string;
  in: string;
  schema: Schema;
}

/** The paths to try of one endpoint, with ids yet to be filled in. */
function casesOf(path: string): string[] {
  const operations = document.paths as unknown as Record<string, { get?: { parameters?: Parameter[] } }>;
  const parameters = operations[path]?.get?.parameters ?? [];
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const [, resource = ''] = /\/(\w+)s\/\{id\}/.exec(path) ?? [];
  const base = path.replace('{id}', resource.toUpperCase());
  const sorts = /\(([\w|]+)\)/.exec(query.find(({ name }) => name === 'sort')?.schema.pattern ?? '')?.[1]?.split('|');
  const filters = query
    .filter(({ name }) => !PAGING.includes(name))
    .flatMap(({ name, schema }) => {
      const nested = path.endsWith('tasks/{id}') ? ['subtasks'] : ['tasks'];
      const { enum: options } = dereference(schema);
      const one = listed(schema);
      const values = name === 'include' ? nested : (FILTERS[name] ?? options ?? (one.length > 0 ? one : undefined));
      if (!values) throw new Error(`no value to try for the filter ${name} of ${path}`);
      const fitting = name === 'status' ? (options ?? values) : values;
      return fitting.map((value) => `${name}=${encodeURIComponent(value)}`);
    });
  const orders = (sorts ?? []).flatMap((sort) => [`sort=${sort}`, `sort=-${sort}`]);
  const queries = [
    '',
    ...filters,
    ...orders,
    // Every filter with every other order would be a thousand plans: each filter meets two, and each order many filters.
    ...(sorts
      ? filters.flatMap((filter, n) => [n, n + 3].map((m) => `${filter}&${orders[(2 * m + 1) % orders.length]}`))
      : []),
    ...(sorts ? ['limit=100', 'count=true', ...filters.map((filter) => `${filter}&count=true`)] : []),
    ...(query.some(({ name }) => name === 'task_limit') && !sorts ? ['task_limit=1000'] : []),
    ...(path.endsWith('/projects') ? ['include=tasks&limit=100&task_limit=200', 'include=tasks&tag=g1&q=pro'] : []),
    ...(path.endsWith('/changes') ? ['cursor=now', 'cursor=BEFORE', 'limit=100&cursor=BEFORE'] : []),
    ...(path.endsWith('/tasks') ? ['tag=g1&tag=g2&tag=g3', 'tag=g1&q=ta&metadata={"kind":"same"}&priority_min=0'] : []),
  ];
  return queries.map((one) => (one ? `${base}?${one}` : base));
}

const paths = functions
  .map(({ definition }) => definition)
  .filter(({ method, access }) => method === 'get' && access !== 'public' && access !== 'platform')
  .map(({ path }) => path.replace(':id', '{id}'));

/** Rows of one tenant, past the API. */
async function fill(
  admin: pg.Client,
  tenant: string,
  { projects = PROJECTS, tasks = TASKS, tags = TAGS, members = MEMBERS } = {},
) {
  await admin.query(
    `insert into projects (tenant_id, name, metadata, created_at)
     select $1, 'project ' || n, json_build_object('n', n, 'kind', 'same', 'a', json_build_object('b', 1)),
       now() - n * interval '1 second' from generate_series(1, $2::integer) as n`,
    [tenant, projects],
  );
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, metadata, position, due_on, priority)
     select $1, p.id, 'task ' || n, json_build_object('n', n, 'kind', 'same', 'a', json_build_object('b', 1)),
       n, date '2026-01-01' + n, n % 5
     from generate_series(1, $2::integer) as n
     join (select id, row_number() over (order by id) as place from projects where tenant_id = $1) as p
       on p.place = 1 + n % (select count(*) from projects where tenant_id = $1)`,
    [tenant, tasks],
  );
  // A third of them lies below another one of its project.
  await admin.query(
    `update tasks set parent_id = first.id from (
       select distinct on (project_id) project_id, id from tasks where tenant_id = $1 order by project_id, position) as first
     where tenant_id = $1 and tasks.project_id = first.project_id and tasks.id <> first.id and position::integer % 3 = 0`,
    [tenant],
  );
  await admin.query(
    `insert into tags (tenant_id, name) select $1, 'g' || n from generate_series(1, $2::integer) as n`,
    [tenant, tags],
  );
  // Two tags that every task has, and others. The triggers would log each tagging, which is not what is looked at here.
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into task_tags (tenant_id, task_id, tag_id)
     select distinct t.tenant_id, t.id, g.id from tasks as t cross join generate_series(1, $3::integer) as k join tags as g
       on g.tenant_id = $1 and g.name = 'g' || case when k <= 2 then k else 3 + (t.position::integer * 7 + k * 31) % $2 end
     where t.tenant_id = $1`,
    [tenant, tags - 3, TAGGINGS],
  );
  await admin.query('set session_replication_role = origin');
  await admin.query(
    `insert into members (tenant_id, name, subject) select $1, 'member ' || n, case when n = 1 then 'tester' end
     from generate_series(1, $2::integer) as n`,
    [tenant, members],
  );
  // Half of the comments are by the caller, and mention somebody else; of the others it is the other way round.
  await admin.query(
    `with m as (select id, row_number() over (order by id) as place from members where tenant_id = $1),
     made as (
       insert into comments (tenant_id, task_id, author_id, body, created_at)
       select $1, t.id, m.id, 'task ' || t.position || ' comment ' || k, now() - t.position * interval '1 second'
       from tasks as t cross join generate_series(1, $2::integer) as k
       join m on m.place = case when t.position::integer % 2 = 0 then 1 else 2 + t.position::integer % ($3 - 1) end
       where t.tenant_id = $1 returning id, author_id
     )
     insert into comment_mentions (tenant_id, comment_id, member_id, n)
     select $1, made.id, (
       select m.id from m where (m.place = 1) <> (made.author_id = (select id from m where place = 1)) order by md5(m.id::text || made.id) limit 1), 1
     from made`,
    [tenant, COMMENTS, members],
  );
  // Who is assigned, and which tasks wait for others; without the triggers again.
  const numbered = `(select tenant_id, id, row_number() over (order by id) - 1 as n, count(*) over () as total`;
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into assignees (tenant_id, task_id, member_id, role)
     select t.tenant_id, t.id, m.id, case k when 0 then 'owner' else 'contributor' end
     from tasks as t cross join generate_series(0, 1) as k
     join ${numbered} from members where tenant_id = $1) as m on m.n = (t.position::integer * 7 + k) % m.total
     where t.tenant_id = $1`,
    [tenant],
  );
  await admin.query(
    `insert into dependencies (tenant_id, task_id, blocker_id)
     select t.tenant_id, t.id, b.id from ${numbered} from tasks where tenant_id = $1) as t
     join ${numbered} from tasks where tenant_id = $1) as b on b.n = t.n + 1 where t.n % 10 = 0`,
    [tenant],
  );
  await admin.query(
    `update tasks set has_blockers = true where tenant_id = $1 and id in (select task_id from dependencies where tenant_id = $1)`,
    [tenant],
  );
  await admin.query(
    `insert into api_keys (tenant_id, name, secret_hash) select $1, 'key ' || n, sha256(n::text::bytea) from generate_series(1, $2::integer) as n`,
    [tenant, tags],
  );
  await admin.query('set session_replication_role = origin');
  await admin.query(
    `update tasks set deleted_at = now(), trash_id = id where tenant_id = $1 and position::integer % 20 = 1`,
    [tenant],
  );
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** Rows that the nodes of a plan gave or dropped, most of all. */
function handled(plan: Plan): number {
  const each = nodes(plan).map(
    (node) =>
      node['Actual Loops'] *
      (node['Actual Rows'] +
        (node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Join Filter'] ?? 0) +
        (node['Rows Removed by Index Recheck'] ?? 0)),
  );
  return Math.max(...each);
}

function describeReads(name: string, prepare: (api: TestApi) => Promise<unknown>, tags: string[] = []): void {
  describe(name, { tags }, () => {
    const api = useApi();
    let tenant: TestTenant;
    let worker: pg.Client;
    const ids: Record<string, string> = {};

    beforeAll(async () => {
      const { admin } = api.database;
      for (const table of await tenantTables(admin)) {
        await admin.query(`alter table ${table} set (autovacuum_enabled = off)`);
      }
      await prepare(api);
      tenant = await api.tenant();
      ids.BEFORE = (await tenant.get('/api/v1/changes?cursor=now')).json.page.next_cursor;
      await fill(admin, tenant.id);
      const one = async (sql: string) => (await admin.query(sql, [tenant.id])).rows[0].id;
      ids.TASK = await one('select parent_id as id from tasks where tenant_id = $1 and parent_id is not null limit 1');
      ids.PROJECT = await one(`select project_id as id from tasks where tenant_id = $1 and id = '${ids.TASK}'`);
      ids.MEMBER = await one(`select id from members where tenant_id = $1 and subject = 'tester'`);
      ids.COMMENT = await one(`select id from comments where tenant_id = $1 limit 1`);
      ids.WEBHOOK = await one(
        `insert into webhooks (tenant_id, url, events) values ($1, 'https://a.b', '{*}') returning id`,
      );
      await admin.query(
        `insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body)
         select tenant_id, $2, 'task.created', 'task', id, '{}' from tasks where tenant_id = $1`,
        [tenant.id, ids.WEBHOOK],
      );
      ids.TAG = await one(`select id from tags where tenant_id = $1 and name = 'g1'`);
      worker = await api.database.connect(tenant.id);
    }, 120_000);

    afterAll(() => worker?.end());

    /** The plan of the read that a call makes, run as the Worker's role within the tenant. */
    async function planOf(path: string): Promise<Plan> {
      const [enter, read] = await recordStatements(() => tenant.get(path));
      if (!enter || !read) throw new Error(`not one read: ${path}`);
      try {
        await worker.query('begin');
        await worker.query(enter.query, enter.params);
        return await explainGeneric(worker, read, ', timing off');
      } finally {
        await worker.query('rollback');
      }
    }

    test.each(paths)(
      '%s',
      async (path) => {
        const cases = casesOf(path).map((one) =>
          one.replaceAll(/PROJECT|TASK|TAG|MEMBER|COMMENT|WEBHOOK|BEFORE/g, (id) => ids[id] as string),
        );
        const found: Record<string, number> = {};
        const touched: Record<string, number> = {};
        for (const one of cases) {
          const plan = await planOf(one);
          const scans = nodes(plan).filter((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name']);
          expect(
            scans.map((node) => node['Relation Name']),
            one,
          ).toEqual([]);
          found[one] = handled(plan);
          touched[one] = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
        }
        expect(Object.entries(found).filter(([, rows]) => rows > 2 * ROWS)).toEqual([]);
        // A look-up by an index goes down three or four pages.
        expect(Object.entries(touched).filter(([, pages]) => pages > 5 * ROWS)).toEqual([]);
      },
      60_000,
    );
  });
}

/** How many small tenants there were when the database was analyzed. */
const amongSmall =
  (count: number) =>
  async ({ database: { admin }, tenant }: TestApi) => {
    for (let n = 0; n < count; n++) {
      await fill(admin, (await tenant()).id, { projects: 10, tasks: 100, tags: 20, members: 20 });
    }
    await admin.query('vacuum analyze');
  };

describeReads('a tenant that came after the last ANALYZE', amongSmall(10));
// It is then larger than all others together, and the planner expects few rows.
describeReads('a large tenant that came after the last ANALYZE of two small ones', amongSmall(2), ['release']);

describeReads('a database that has never been analyzed', async () => {}, ['release']);
