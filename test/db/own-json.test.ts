import { expect, test } from 'vitest';
import { membersOf, Task } from '../../src/http/response/resources.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { useWorker } from './sessions.ts';

/*
 * The short members of a task stand on it as finished JSON (`tasks.own_json`). What callers see must be what the columns
 * say, after every kind of write, and for a row that has no such text yet.
 */

const api = useApi();
const worker = useWorker(api.database);

/**
 * The text of the list of the tenant's live tasks, in full, and as it is when all members are asked for by name, which reads
 * the columns.
 */
async function shownAndTrue(tenant: TestTenant) {
  const list = async (query: string) => (await tenant.get(`/api/v1/tasks?limit=100&${query}`)).text;
  return [await list(''), await list(`fields=${membersOf(Task)}`)] as const;
}

/** The titles of tasks, trashed ones too, whose text is not what their columns say. */
async function outOfDate(tenant: TestTenant): Promise<string[]> {
  const { rows } = await api.database.admin.query(
    'select title from tasks where tenant_id = $1 and own_json is distinct from task_own_json(tenant_id, id) order by title',
    [tenant.id],
  );
  return rows.map(({ title }) => title);
}

/** As if the tasks had been there before the column was. */
async function forgetTexts(tenant: TestTenant): Promise<void> {
  await api.database.admin.query('set session_replication_role = replica');
  await api.database.admin.query('update tasks set own_json = null where tenant_id = $1', [tenant.id]);
  await api.database.admin.query('set session_replication_role = origin');
}

const TASKS = [
  {
    title: 'a "quoted" \\ task ☂ 👩‍👩‍👧',
    description: 'x"\n',
    priority: 4,
    due_on: '2027-02-28',
    metadata: { a: [1, 'ü', null] },
    tags: ['one', 'two'],
    subtasks: [{ title: 'a1' }],
  },
  { title: 'b', status: 'completed' },
  { title: 'c', status: 'in_progress', due_on: '0001-01-01' },
];

async function world() {
  const tenant = await api.tenant();
  const { status, json: project } = await tenant.post('/api/v1/projects', { name: 'P', tasks: TASKS });
  expect(status, JSON.stringify(project)).toBe(201);
  const taskId = (title: string) => project.tasks.find((task: { title: string }) => task.title.startsWith(title)).id;
  return { tenant, project, taskId };
}

test('tasks show what their columns say, after every kind of write', async () => {
  const { tenant, project, taskId } = await world();
  const agree = async () => {
    const [shown, stored] = await shownAndTrue(tenant);
    expect(shown).toBe(stored);
    expect(JSON.parse(shown).data.length).toBeGreaterThan(1);
    expect(await outOfDate(tenant)).toEqual([]);
  };
  await agree();
  const [a, b, c] = [taskId('a '), taskId('b'), taskId('c')];
  const call = async (method: string, path: string, body?: unknown) => {
    const { status } = await tenant.call(`/api/v1/${path}`, { method, ...(body ? { body } : {}) });
    expect(status).toBeLessThan(300);
    await agree();
  };
  await call('POST', `projects/${project.id}/tasks`, { title: 'd', tags: ['three'], parent_id: c });
  await call('PATCH', `tasks/${c}`, {
    title: 'C "',
    status: 'completed',
    priority: 1,
    due_on: null,
    metadata: { b: 1 },
  });
  await call('PATCH', `tasks/${c}`, { status: 'in_progress', position: 0.30000000000000004 });
  for (const position of [-1e15, 1e-7, 0]) await call('PATCH', `tasks/${c}`, { position });
  await call('PATCH', `tasks/${b}`, { parent_id: a, tags: ['four'] });
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] });
  await call('PATCH', `tasks/${a}`, { project_id: other.id });
  const [tag] = (await tenant.get('/api/v1/tags')).json.data;
  await call('PUT', `tasks/${c}/tags/${tag.id}`);
  await call('DELETE', `tasks/${c}/tags/${tag.id}`);
  await call('DELETE', `tasks/${a}`);
  await call('POST', `tasks/${a}/restore`);
  await call('DELETE', `projects/${other.id}`);
  await call('POST', `projects/${other.id}/restore`);
});

test('a row without the text shows the same, and any UPDATE writes it, which changes no task', async () => {
  const { tenant, project, taskId } = await world();
  const reads = async () => {
    const paths = [
      `projects/${project.id}`,
      'projects?include=tasks',
      'tasks',
      `tasks/${taskId('a ')}?include=subtasks`,
    ];
    return Promise.all(paths.map(async (path) => (await tenant.get(`/api/v1/${path}`)).json));
  };
  const before = await reads();
  await forgetTexts(tenant);
  expect(await outOfDate(tenant)).toHaveLength(4);
  expect(await reads()).toEqual(before);

  // An UPDATE that changes nothing else: as the migration does that fills the column, and as a caller may send it.
  const { id } = project.tasks[1];
  expect(
    (await tenant.call(`/api/v1/tasks/${id}`, { method: 'PATCH', body: { title: project.tasks[1].title } })).status,
  ).toBe(200);
  expect(await outOfDate(tenant)).toHaveLength(3);
  const logged = async () => (await tenant.get('/api/v1/audit-log?count=true&limit=1')).json.page.total;
  const entries = await logged();
  await api.database.admin.query('update tasks set own_json = null where tenant_id = $1', [tenant.id]);
  expect(await outOfDate(tenant)).toEqual([]);
  expect(await reads()).toEqual(before);
  expect(await logged()).toBe(entries);
});

test('a row without the text is not shown to another tenant', async () => {
  const { tenant, taskId } = await world();
  const other = await api.tenant();
  await forgetTexts(tenant);
  const id = taskId('b');
  expect((await other.get(`/api/v1/tasks/${id}`)).status).toBe(404);
  // The function that makes the text anew, called by hand for the task of another.
  const made = 'select task_own_json($1, $2) as own, task_own_json($3, $2) as foreign';
  const { rows } = await worker.inTenant(other.id, (client) => client.query(made, [other.id, id, tenant.id]));
  expect(rows).toEqual([{ own: null, foreign: null }]);
});

test('nobody writes the text by hand', async () => {
  const { tenant, project, taskId } = await world();
  const id = taskId('b');
  const written = await worker.inTenant(tenant.id, async (client) => {
    await client.query(`update tasks set own_json = '{}' where tenant_id = $1 and id = $2`, [tenant.id, id]);
    await client.query(`update tasks set own_json = '{}', title = 'B' where tenant_id = $1 and id = $2`, [
      tenant.id,
      id,
    ]);
    await client.query('set local extra_float_digits = 0');
    return client.query(
      `insert into tasks (tenant_id, project_id, title, position, own_json) values ($1, $2, 'e', 0.30000000000000004, '{}')
       returning own_json`,
      [tenant.id, project.id],
    );
  });
  expect(written.rows[0].own_json).toContain('"position":0.30000000000000004,');
  expect(await outOfDate(tenant)).toEqual([]);
  expect((await tenant.get(`/api/v1/tasks/${id}`)).json).toMatchObject({ title: 'B', version: 2 });
});
