import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { explainGeneric, recordStatements } from '../support/sql.ts';

/*
 * How PostgreSQL carries out what lists ask, on 100 000 tasks and as the Worker's role under row-level security: by
 * an index, without reading a table through and without sorting more than a page.
 */

const api = useApi();
const TASKS = 100_000;
let tenant: TestTenant;
let projectId: string;
let worker: pg.Client;
/** Of a part of a table or index (db/scaling), what it is a part of. */
const wholes = new Map<string, string>();

beforeAll(async () => {
  tenant = await api.tenant();
  const other = await api.neighbour(tenant);
  const { admin } = api.database;
  // Triggers would log each row, which is not what is measured here.
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into projects (tenant_id, name, metadata, created_at)
     select case when n % 3 = 0 then $2::uuid else $1::uuid end, 'project ' || n, json_build_object('n', n), now() - n * interval '1 second'
     from generate_series(1, 20000) as n`,
    [tenant.id, other.id],
  );
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, metadata, position, created_at, due_on)
     select p.tenant_id, p.id, 'task ' || n, json_build_object('n', n), n, now() - n * interval '1 second', date '2026-01-01' + n % 700
     from generate_series(1, $1::integer) as n
     join (select *, row_number() over (order by id) as place from projects) as p on p.place = 1 + (n::bigint * n) % 20000`,
    [TASKS],
  );
  await admin.query(`insert into tags (tenant_id, name) select $1, 'tag ' || n from generate_series(1, 2000) as n`, [
    tenant.id,
  ]);
  await admin.query(
    `insert into task_tags (tenant_id, task_id, tag_id)
     select t.tenant_id, t.id, g.id from tasks as t join (select id, row_number() over () as place from tags) as g
       on g.place = 1 + t.position::integer % 2000 where t.tenant_id = $1`,
    [tenant.id],
  );
  await admin.query(
    `update tasks set deleted_at = now() - position * interval '1 second', trash_id = id where position::integer % 20 = 0`,
  );
  await admin.query(`update projects set deleted_at = now(), trash_id = id where (metadata ->> 'n')::integer % 10 = 0`);
  await admin.query(
    `insert into audit_log (tenant_id, at, action, resource_type, resource_id, changes)
     select tenant_id, created_at, 'insert', 'task', id, '{}' from tasks`,
  );
  for (const [one, many, title] of [
    ['project', 'projects', 'name'],
    ['task', 'tasks', 'title'],
  ]) {
    await admin.query(
      `insert into ${one}_search (tenant_id, ${one}_id, words, metadata)
       select tenant_id, id, array_to_tsvector(search_terms(tenant_id, ${title})), search_metadata(tenant_id, metadata)
       from ${many}`,
    );
  }
  await admin.query('set session_replication_role = origin');
  await admin.query('vacuum analyze projects, tasks, tags, task_tags, audit_log, project_search, task_search');
  const { rows } = await admin.query(
    'select project_id from tasks where tenant_id = $1 group by 1 order by count(*) desc limit 1',
    [tenant.id],
  );
  projectId = rows[0].project_id;
  const { rows: parts } = await admin.query(
    'select inhrelid::regclass::text as part, inhparent::regclass::text as whole from pg_inherits',
  );
  for (const { part, whole } of parts) wholes.set(part, whole);
  worker = await api.database.connect(tenant.id);
}, 120_000);

afterAll(() => worker?.end());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  Alias?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

function nodes(plan: Plan): Plan[] {
  for (const key of ['Relation Name', 'Index Name'] as const) {
    const whole = wholes.get(plan[key] ?? '');
    // A part of another tenant stands in the plan of a subquery, but is never read.
    if (whole && plan['Actual Loops'] === 0) return [];
    if (whole) plan[key] = whole;
  }
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

/** The plan of the read that a call makes, run as the Worker's role within the tenant. */
async function planOf(path: string, of = tenant): Promise<Plan[]> {
  const [enter, call] = await recordStatements(() => of.get(path));
  if (!enter || !call) throw new Error('not one read');
  try {
    await worker.query('begin');
    await worker.query(enter.query, enter.params);
    return nodes(await explainGeneric(worker, call));
  } finally {
    await worker.query('rollback');
  }
}

const LARGE = ['projects', 'tasks', 'task_tags', 'audit_log', 'project_search', 'task_search'];

function expectNoScanNorLargeSort(plan: Plan[]): void {
  const scans = plan.filter((node) => node['Node Type'] === 'Seq Scan' && LARGE.includes(node['Relation Name'] ?? ''));
  expect(scans.map((node) => node['Relation Name'])).toEqual([]);
  const sorts = plan.filter((node) => node['Node Type'].endsWith('Sort') && node['Actual Rows'] > 300);
  expect(sorts).toEqual([]);
}

const indexes = (plan: Plan[]) => plan.flatMap((node) => node['Index Name'] ?? []);

describe('the default sort of each list reads its index', () => {
  test.each([
    ['/api/v1/projects', 'projects_by_age'],
    ['/api/v1/projects?include=tasks', 'projects_by_age'],
    ['/api/v1/tasks', 'tasks_by_age'],
    ['/api/v1/tags', 'tags_by_name'],
    ['/api/v1/trash?type=task', 'tasks_trash'],
    ['/api/v1/trash?type=project', 'projects_trash'],
    ['/api/v1/trash', 'tasks_trash'],
    ['/api/v1/audit-log', 'audit_log_by_age'],
  ])('%s', async (path, index) => {
    const plan = await planOf(path);
    expectNoScanNorLargeSort(plan);
    expect(indexes(plan)).toContain(index);
  });

  test('/projects/{id}/tasks, and within a project', async () => {
    for (const path of [`/api/v1/projects/${projectId}/tasks`, `/api/v1/projects/${projectId}`]) {
      const plan = await planOf(path);
      expectNoScanNorLargeSort(plan);
      expect(indexes(plan)).toContain('tasks_by_position');
    }
  });

  test.each(['/api/v1/projects', '/api/v1/tasks'])('also on a page far behind: %s', async (path) => {
    const skipped = await tenant.get(`${path}?skip=1500&limit=1`);
    const plan = await planOf(`${path}?cursor=${skipped.json.page.next_cursor}`);
    expectNoScanNorLargeSort(plan);
    const read = plan.filter((node) => node['Index Name']?.endsWith('_by_age')).map((node) => node['Actual Rows']);
    expect(Math.max(...read)).toBeLessThanOrEqual(21);
  });
});

describe('nested reads', () => {
  let nested: TestTenant;
  let id: string;

  beforeAll(async () => {
    nested = await api.neighbour(tenant);
    for (let n = 0; n < 20; n++) {
      const tasks = Array.from({ length: 20 }, (_, k) => ({
        title: `task ${k}`,
        tags: [`tag ${k}`, `tag ${n}`, 'all'],
      }));
      id = (await nested.post('/api/v1/projects', { name: `nested ${n}`, tasks })).json.id;
    }
    await api.database.admin.query('vacuum analyze projects, tasks, tags, task_tags');
  });

  test.each([
    ['a project', () => `/api/v1/projects/${id}`, 1],
    ['a page of projects', () => '/api/v1/projects?include=tasks', 20],
    ['the same with a filter', () => '/api/v1/projects?include=tasks&status=active', 20],
  ])('%s reads no row that it does not show', async (_, path, projects) => {
    // Once before, so that the session knows the functions: it reads of the catalogue what it does not know yet.
    await planOf(path(), nested);
    const plan = await planOf(path(), nested);
    // The count of tasks reads the index alone.
    const fetched = (table: string) =>
      plan
        .filter((node) => node['Relation Name'] === table && node['Node Type'] !== 'Index Only Scan')
        .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
    // One project more tells whether there is another page.
    expect(fetched('projects')).toBeLessThanOrEqual(projects + 1);
    expect(fetched('tasks')).toBe(projects * 20);
    expect([fetched('task_tags'), fetched('tags')]).toEqual([0, 0]);
    const [root] = plan;
    const pages = (root?.['Shared Hit Blocks'] ?? 0) + (root?.['Shared Read Blocks'] ?? 0);
    expect(pages).toBeGreaterThan(0);
    // Beside a page for each row, the way down the indexes: once for the tasks of a project, and once for their count.
    expect(pages).toBeLessThanOrEqual(1.5 * projects * 21 + 10);
  });
});

describe('the filter by blocked', () => {
  const DEPENDENCIES = 10_000;
  let many: TestTenant;
  let id: string;

  beforeAll(async () => {
    many = await api.neighbour(tenant);
    id = (await many.post('/api/v1/projects', { name: 'blocked' })).json.id;
    const { admin } = api.database;
    await admin.query('set session_replication_role = replica');
    // Of 30 000 tasks a third is blocked: half of these by the first one, the others in a chain.
    await admin.query(
      `insert into tasks (tenant_id, project_id, title, position, has_blockers, created_at)
       select $1, $2, 'task ' || n, n, n between 2 and $3::integer + 1, now() - n * interval '1 second'
       from generate_series(1, 3 * $3::integer) as n`,
      [many.id, id, DEPENDENCIES],
    );
    await admin.query(
      `insert into dependencies (tenant_id, task_id, blocker_id)
       select $1, blocked.id, blocker.id
       from tasks as blocked join tasks as blocker on blocker.project_id = blocked.project_id
         and blocker.position = case when blocked.position::integer % 2 = 0 then 1 else blocked.position - 2 end
       where blocked.project_id = $2 and blocked.has_blockers`,
      [many.id, id],
    );
    await admin.query('set session_replication_role = origin');
    await admin.query('vacuum analyze tasks, dependencies');
  });

  test.each([
    ['tasks', true],
    ['tasks?sort=title', true],
    ['projects/{id}/tasks', true],
    ['projects/{id}/tasks?sort=-position', true],
    ['tasks', false],
    ['projects/{id}/tasks', false],
    ['tasks?sort=title', false],
  ])(
    '%s blocked=%s reads no table through, and what it reads is bounded by the dependencies',
    async (list, blocked) => {
      const path = `/api/v1/${list.replace('{id}', id)}${list.includes('?') ? '&' : '?'}blocked=${blocked}`;
      const plan = await planOf(path, many);
      const large = ['tasks', 'dependencies'];
      expect(
        plan.filter((node) => node['Node Type'] === 'Seq Scan' && large.includes(node['Relation Name'] ?? '')),
      ).toEqual([]);
      // The blocker and the task of each dependency. Who sorts the others by title reads them too, which are twice as many.
      const read = plan
        .filter((node) => node['Relation Name'] === 'tasks')
        .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
      expect(read).toBeGreaterThan(DEPENDENCIES);
      expect(read).toBeLessThanOrEqual((blocked ? 2 : 3) * DEPENDENCIES + 100);
    },
  );

  test.each(['projects/{id}?task_limit=100', 'projects?include=tasks&task_limit=100', 'projects/{id}/tasks?limit=100'])(
    '%s looks up the blockers of the tasks that it shows, and no others',
    async (path) => {
      const plan = await planOf(`/api/v1/${path.replace('{id}', id)}`, many);
      const blockers = plan
        .filter((node) => node['Relation Name'] === 'dependencies' || node.Alias === 'blocker')
        .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
      expect(blockers).toBeGreaterThan(0);
      expect(blockers).toBeLessThanOrEqual(500);
    },
  );
});

describe('filters that have an index use it', () => {
  test.each([
    ['tasks?tag=tag+7', 'task_tags_by_tag'],
    ['tasks?due_after=2027-11-20&sort=due_on', 'tasks_by_due_date'],
    ['tasks?sort=-updated_at', 'tasks_by_change'],
    ['projects?sort=-updated_at', 'projects_by_change'],
    ['projects?sort=name', 'projects_by_name'],
    ['projects?name=project+7', 'projects_by_name'],
  ])('%s', async (path, index) => {
    const plan = await planOf(`/api/v1/${path}`);
    expect(indexes(plan)).toContain(index);
    expect(
      plan.filter((node) => node['Node Type'] === 'Seq Scan' && LARGE.includes(node['Relation Name'] ?? '')),
    ).toEqual([]);
  });

  test.each([
    ['task', 'words @@ search_query(current_tenant(), $1)', 'task 777', 'task_search_words'],
    ['project', 'words @@ search_query(current_tenant(), $1)', 'project 777', 'project_search_words'],
    ['task', 'metadata @> search_metadata(current_tenant(), $1::jsonb)', '{"n": 777}', 'task_search_metadata'],
    ['project', 'metadata @> search_metadata(current_tenant(), $1::jsonb)', '{"n": 777}', 'project_search_metadata'],
  ])('what the search functions ask of %ss: %s', async (of, condition, value, index) => {
    const { admin } = api.database;
    try {
      await admin.query('begin');
      await admin.query(`select set_config('app.tenant_id', $1, true)`, [tenant.id]);
      await admin.query('set local role onetrip_search');
      await admin.query('set local enable_seqscan = off');
      const { rows } = await admin.query(
        `explain (analyze, format json) select ${of}_id from ${of}_search
         where tenant_id is not distinct from current_tenant() and ${condition}`,
        [value],
      );
      expect(indexes(nodes(rows[0]['QUERY PLAN'][0].Plan))).toEqual([index]);
    } finally {
      await admin.query('rollback');
    }
  });

  test.each(['tasks?q=task+777', 'tasks?metadata={"n":777}', 'projects?q=project+777', 'projects?metadata={"n":777}'])(
    '%s reads no table through',
    async (path) => {
      expectNoScanNorLargeSort(await planOf(`/api/v1/${path}`));
    },
  );
});

describe('10 000 members', () => {
  let large: TestTenant;

  beforeAll(async () => {
    const other = await api.neighbour(tenant);
    large = await api.neighbour(tenant);
    const { admin } = api.database;
    await admin.query('set session_replication_role = replica');
    for (const { id } of [large, other]) {
      await admin.query(
        `insert into members (tenant_id, name, email, status, created_at)
         select $1, 'member ' || n, 'm' || n || '@example.com', case when n % 100 = 0 then 'deactivated' else 'active' end,
           now() - n * interval '1 second'
         from generate_series(1, 10000) as n`,
        [id],
      );
    }
    await admin.query(
      `insert into member_search (tenant_id, member_id, words)
       select tenant_id, id, array_to_tsvector(search_terms(tenant_id, concat_ws(' ', name, email))) from members`,
    );
    await admin.query('set session_replication_role = origin');
    await admin.query('vacuum analyze members, member_search');
  }, 60_000);

  const rows = (plan: Plan[]) =>
    plan
      .filter((node) => node['Relation Name'] === 'members')
      .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);

  test.each([
    ['', 'members_by_name', 21],
    ['sort=-name', 'members_by_name', 21],
    ['sort=created_at', 'members_by_age', 21],
    ['sort=-created_at', 'members_by_age', 21],
    ['status=active', 'members_by_status', 21],
    ['status=deactivated', 'members_by_status', 21],
    ['status=deactivated&sort=-name', 'members_by_status', 21],
    ['status=active&sort=created_at', 'members_by_age', 21],
    ['q=member+777', 'members_pkey', 30],
    ['q=m777%40example.com', 'members_pkey', 30],
    ['q=777&status=active&sort=-created_at', 'members_pkey', 30],
  ])('%s reads %s, and no member that it does not show', async (query, index, atMost) => {
    const plan = await planOf(`/api/v1/members?${query}`, large);
    const scans = plan.filter(
      (node) => node['Node Type'] === 'Seq Scan' && /^member/.test(node['Relation Name'] ?? ''),
    );
    expect(scans).toEqual([]);
    expectNoScanNorLargeSort(plan);
    expect(indexes(plan)).toContain(index);
    expect(rows(plan)).toBeLessThanOrEqual(atMost);
  });

  test('those who were deactivated, by age, are looked up by their status, and few are sorted', async () => {
    const plan = await planOf('/api/v1/members?status=deactivated&sort=created_at', large);
    expectNoScanNorLargeSort(plan);
  });

  test.each(['', 'status=deactivated'])('a page far behind reads no more: %s', async (query) => {
    const skipped = await large.get(`/api/v1/members?${query}&skip=90&limit=1`.replace('?&', '?'));
    const cursor = skipped.json.page.next_cursor;
    const plan = await planOf(`/api/v1/members?${query}&cursor=${cursor}`.replace('?&', '?'), large);
    expectNoScanNorLargeSort(plan);
    expect(rows(plan)).toBeLessThanOrEqual(21);
  });

  test('what search_members() asks reads the index of words', async () => {
    const { admin } = api.database;
    try {
      await admin.query('begin');
      await admin.query(`select set_config('app.tenant_id', $1, true)`, [large.id]);
      await admin.query('set local role onetrip_search');
      await admin.query('set local enable_seqscan = off');
      const { rows: found } = await admin.query(
        `explain (analyze, format json) select member_id from member_search
         where tenant_id is not distinct from current_tenant() and words @@ search_query(current_tenant(), 'member 777')`,
      );
      expect(indexes(nodes(found[0]['QUERY PLAN'][0].Plan))).toEqual(['member_search_words']);
    } finally {
      await admin.query('rollback');
    }
  });
});
