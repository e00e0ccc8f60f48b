import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { explainGeneric, recordStatements } from '../support/sql.ts';

/*
 * What the lists of comments and activity read of a task with 5 000 comments, in a project of 10 000 tasks with a long history,
 * and of a tenant with 50 000 comments in all.
 */

const api = useApi();
const TASKS = 10_000;
let tenant: TestTenant;
let worker: pg.Client;
let project: string;
let task: string;
/** Wrote every 100th comment, and is mentioned in as many. */
let ada: string;

beforeAll(async () => {
  const { admin } = api.database;
  tenant = await api.tenant();
  const other = await api.tenant();
  await admin.query('set session_replication_role = replica');
  const ids = await admin.query(
    `with p as (insert into projects (tenant_id, name) values ($1, 'P') returning id),
     m as (insert into members (tenant_id, name, subject) values ($1, 'Ada', 'ada') returning id)
     select p.id as project, m.id as member from p, m`,
    [tenant.id],
  );
  await admin.query(`insert into members (tenant_id, name) select $1, 'm' from generate_series(1, 5000)`, [tenant.id]);
  project = ids.rows[0].project;
  ada = ids.rows[0].member;
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, position, tags_json) select $1, $2, 'task ' || n, n, '[]' from generate_series(1, $3::integer) as n`,
    [tenant.id, project, TASKS],
  );
  const { rows } = await admin.query('select id from tasks where position = 1');
  task = rows[0].id;
  await admin.query(
    `insert into comments (tenant_id, task_id, author_id, body, created_at)
     select t.tenant_id, t.id, case when n % 100 = 0 then $2::uuid end, 'comment ' || n || ' of ' || t.position, now() - n * interval '1 minute'
     from tasks as t, generate_series(1, 5000) as n where t.position = 1 or (t.position <= 5001 and n <= 5 and t.tenant_id = $1)`,
    [tenant.id, ada],
  );
  await admin.query(
    `insert into comments (tenant_id, task_id, body, created_at)
     select $1, uuidv7(), 'foreign', now() - n * interval '1 second' from generate_series(1, 20000) as n`,
    [other.id],
  );
  await admin.query(
    `insert into comment_mentions (tenant_id, comment_id, member_id, n)
     select tenant_id, id, $1, 1 from comments where author_id is not null
     union all
     select m.tenant_id, c.id, m.id, 2 from (select *, row_number() over (order by id) as place from members where name = 'm') as m
     join (select *, row_number() over (order by id) as place from comments where tenant_id = $2) as c on c.place % 5000 = m.place`,
    [ada, tenant.id],
  );
  await admin.query(
    `insert into comment_search (tenant_id, comment_id, words)
     select tenant_id, id, array_to_tsvector(search_terms(tenant_id, body)) from comments`,
  );
  await admin.query(
    `insert into audit_log (tenant_id, at, action, resource_type, resource_id, changes, actor)
     select tenant_id, now() - (n * 10000 + position::integer) * interval '1 second', 'update', 'task', id, '{}', 'ada'
     from tasks, generate_series(1, 12) as n`,
  );
  await admin.query('set session_replication_role = origin');
  await admin.query('vacuum analyze tasks, comments, comment_mentions, comment_search, audit_log');
  worker = await api.database.connect(tenant.id);
}, 120_000);

afterAll(() => worker?.end());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  Plans?: Plan[];
}

const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

/** The plan of the read that a call makes, run as the Worker's role within the tenant. */
async function planOf(path: string): Promise<Plan[]> {
  const [enter, call] = await recordStatements(() => tenant.get(path));
  if (!enter || !call) throw new Error('not one read');
  try {
    await worker.query('begin');
    await worker.query(enter.query, enter.params);
    return nodes(await explainGeneric(worker, call));
  } finally {
    await worker.query('rollback');
  }
}

const LARGE = ['tasks', 'comments', 'comment_mentions', 'comment_search', 'audit_log'];

function expectNoScanNorLargeSort(plan: Plan[]): void {
  const scans = plan.filter((node) => node['Node Type'] === 'Seq Scan' && LARGE.includes(node['Relation Name'] ?? ''));
  expect(scans.map((node) => node['Relation Name'])).toEqual([]);
  const sorts = plan.filter((node) => node['Node Type'].endsWith('Sort') && node['Actual Rows'] > 300);
  expect(sorts).toEqual([]);
}

/** How many rows of a table a plan reads by an index. */
function rowsBy(plan: Plan[], index: string): number {
  return plan
    .filter((node) => node['Index Name'] === index)
    .reduce((sum, node) => sum + node['Actual Rows'] * node['Actual Loops'], 0);
}

const comments = (query = '') => `/api/v1/tasks/${task}/comments?${query}`;

describe('a page of comments reads its own rows by an index, and one more', () => {
  test.each<[path: () => string, index: string]>([
    [() => comments(), 'comments_by_task'],
    [() => comments('sort=-created_at'), 'comments_by_task'],
    [() => '/api/v1/comments', 'comments_by_age'],
    [() => '/api/v1/comments?sort=created_at', 'comments_by_age'],
    [() => '/api/v1/comments?created_after=2020-01-01T00:00:00Z', 'comments_by_age'],
  ])('%#', async (path, index) => {
    const { json } = await tenant.get(`${path()}${path().includes('?') ? '&' : '?'}limit=5`);
    for (const further of ['', `&cursor=${json.page.next_cursor}`]) {
      const plan = await planOf(`${path()}${path().includes('?') ? '' : '?'}${further}`);
      expectNoScanNorLargeSort(plan);
      expect(rowsBy(plan, index)).toBe(21);
    }
  });

  test.each(['-created_at', 'created_at'])('by author, none of others: sort=%s', async (sort) => {
    const plan = await planOf(`/api/v1/comments?author=${ada}&sort=${sort}`);
    expectNoScanNorLargeSort(plan);
    // Whether PostgreSQL reads them in their order, or the few that it expects all, hangs on its statistics.
    expect([21, 50]).toContain(rowsBy(plan, 'comments_by_author'));
  });

  test('by mention, those that mention somebody', async () => {
    const plan = await planOf(`/api/v1/comments?mentions=${ada}`);
    expectNoScanNorLargeSort(plan);
    expect(rowsBy(plan, 'comment_mentions_by_member')).toBe(50);
    expect(rowsBy(plan, 'comments_pkey')).toBe(50);
  });

  test('by words, those that have them', async () => {
    const plan = await planOf('/api/v1/comments?q=comment+4999');
    expectNoScanNorLargeSort(plan);
    // Five on the task with that number, and one that has it itself.
    expect(rowsBy(plan, 'comments_pkey')).toBe(6);
  });

  test('of me, who am no member, none', async () => {
    for (const filter of ['author', 'mentions']) {
      const plan = await planOf(`/api/v1/comments?${filter}=me`);
      expect(plan.filter((node) => node['Relation Name'] === 'comments' && node['Actual Rows'] > 0)).toEqual([]);
    }
  });
});

describe('a page of activity reads no more of a long history than of a short one', () => {
  test.each(['', 'sort=at', 'type=comment', 'type=change'])('of a task: %s', async (query) => {
    const plan = await planOf(`/api/v1/tasks/${task}/activity?${query}`);
    expectNoScanNorLargeSort(plan);
    // The newest of each kind, and then as many as a page has; and the comments of the page.
    expect(rowsBy(plan, 'audit_log_by_resource')).toBeLessThanOrEqual(1 + 21);
    expect(rowsBy(plan, 'comments_by_task')).toBeLessThanOrEqual(1 + 21);
    expect(rowsBy(plan, 'comments_pkey')).toBeLessThanOrEqual(20);
  });

  test.each(['', 'sort=at', 'type=comment', 'type=change'])('of a project: %s', async (query) => {
    const { json } = await tenant.get(`/api/v1/projects/${project}/activity?limit=100&${query}`);
    for (const further of ['', `&cursor=${json.page.next_cursor}`]) {
      const plan = await planOf(`/api/v1/projects/${project}/activity?${query}${further}`);
      expectNoScanNorLargeSort(plan);
      // The newest of each task, and then a page of those tasks alone that can be on it.
      expect(rowsBy(plan, 'audit_log_by_resource')).toBeLessThanOrEqual(TASKS + 1 + 21 * 21);
      expect(rowsBy(plan, 'comments_by_task')).toBeLessThanOrEqual(TASKS + 21 * 21);
      expect(rowsBy(plan, 'comments_pkey')).toBeLessThanOrEqual(20);
    }
  });
});
