import { beforeAll, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { longTextsRead } from '../support/long-texts.ts';

/* An answer that would be too large is refused before it is built, whatever it would have been. */

const api = useApi();
const [PROJECTS, TASKS] = [30, 100];
let tenant: TestTenant;
let path: string;

beforeAll(async () => {
  tenant = await api.tenant();
  const { admin } = api.database;
  // Of 10 KB each that PostgreSQL cannot compress, each another one: 30 MB in all. Without triggers, which are not the
  // matter here.
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `with made as (
       insert into projects (tenant_id, name) select $1, 'P' || n from generate_series(1, $2::integer) as n returning id
     )
     insert into tasks (tenant_id, project_id, title, description, position)
     select $1, id, 'task', (select string_agg(md5(random()::text), '') from generate_series(1, 312) as k where k > n * 0), n
     from made, generate_series(1, $3::integer) as n`,
    [tenant.id, PROJECTS, TASKS],
  );
  // One tree of 1 000 tasks, three levels deep, 40 KB each.
  await admin.query(
    `with project as (insert into projects (tenant_id, name) values ($1, 'Tree') returning id),
       root as (insert into tasks (tenant_id, project_id, title, position) select $1, id, 'root', 0 from project returning id, project_id),
       branches as (
         insert into tasks (tenant_id, project_id, parent_id, title, position)
         select $1, project_id, id, 'branch', n from root, generate_series(1, 10) as n returning id, project_id)
     insert into tasks (tenant_id, project_id, parent_id, title, description, position)
     select $1, project_id, id, 'leaf', (select translate(string_agg(md5(random()::text), ''), '0123456789abcdef', '🌀🌁🌂🌃🌄🌅🌆🌇🌈🌉🌊🌋🌌🌍🌎🌏') from generate_series(1, 312) as k where k > n * 0), n
     from branches, generate_series(1, 98) as n`,
    [tenant.id],
  );
  await admin.query('set session_replication_role = origin');
  const { rows } = await admin.query(`select id from tasks where title = 'root'`);
  path = `/api/v1/tasks/${rows[0].id}`;
}, 120_000);

/** Pages of descriptions that PostgreSQL reads meanwhile. */
const pagesRead = (work: () => Promise<unknown>) => longTextsRead(api, 'tasks', work);

const refused = (pointer: string) => ({
  status: 422,
  json: { code: 'unprocessable', errors: [{ pointer, code: 'answer_too_large' }] },
});

test('the nested list of projects reads no more than it may send', async () => {
  const all = `/api/v1/projects?include=tasks&limit=100&task_limit=200`;
  const pages = await pagesRead(async () => {
    expect(await tenant.get(all)).toMatchObject(refused('?task_limit'));
  });
  // It was 6 400 when all 3 000 tasks were read.
  expect(pages).toBeLessThan(2000);
  expect((await tenant.get(`${all.replace('=200', '=20')}`)).status).toBe(200);
});

test('the tree below a task, too', async () => {
  const pages = await pagesRead(async () => {
    expect(await tenant.get(`${path}?include=subtasks`)).toMatchObject(refused('?include'));
  });
  // It was 1 960 when all were read.
  expect(pages).toBeLessThan(1000);
  expect((await tenant.get(path)).status).toBe(200);
});

test('an answer just below 8 MiB is sent', async () => {
  const { json } = await tenant.get('/api/v1/projects?limit=100&fields=id,task_count');
  const large = json.data.find(({ task_count }: { task_count: number }) => task_count === TASKS);
  const { status, text } = await tenant.get(`/api/v1/projects/${large.id}?task_limit=1000`);
  expect(status).toBe(200);
  expect(text.length).toBeGreaterThan(1_000_000);
  const page = await tenant.get('/api/v1/projects?include=tasks&limit=8&task_limit=200&sort=created_at');
  expect(page.status).toBe(200);
  expect(page.text.length).toBeGreaterThan(7_500_000);
});
