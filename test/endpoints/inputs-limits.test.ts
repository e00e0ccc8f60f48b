import { expect, test } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';

/* The limits that no single member has: how many, and how much in all (docs/api-conventions.md, "Limits"). */

const api = useApi();

/** For tests that move megabytes. */
const PATIENT = { timeout: 60_000 };

const titled = (count: number) => Array.from({ length: count }, (_, n) => ({ title: `${n}` }));

/** 500 tasks on three levels: 1 + 2 + 497. */
const tree = (more = 0) => [{ title: 'top', subtasks: [{ title: 'a', subtasks: titled(497 + more) }, { title: 'b' }] }];

test('a project is made with 500 tasks in all, not with 501', async () => {
  const tenant = await api.tenant();
  for (const tasks of [titled(500), tree()]) {
    const { status, json } = await tenant.post('/api/v1/projects', { name: 'x', tasks });
    expect([status, json.task_count]).toEqual([201, 500]);
  }
  const asked = api.database.endpoint.requests;
  for (const tasks of [titled(501), tree(1)]) {
    const reply = await tenant.post('/api/v1/projects', { name: 'x', tasks });
    expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer: '/tasks' }] } });
  }
  expect(api.database.endpoint.requests).toBe(asked);
  expect((await tenant.get('/api/v1/projects?count=true')).json.page.total).toBe(2);
});

test('a task has 50 tags, however they come, and not 51', async () => {
  const tenant = await api.tenant();
  const names = Array.from({ length: 50 }, (_, n) => `tag ${n}`);
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'x', tasks: [{ title: 't', tags: names }] });
  const path = `/api/v1/tasks/${project.tasks[0].id}`;
  const { json: more } = await tenant.post('/api/v1/tags', { name: 'one more' });
  expect(await tenant.call(`${path}/tags/${more.id}`, { method: 'PUT' })).toMatchObject({
    status: 409,
    json: { code: 'conflict' },
  });
  expect(await tenant.call(path, { method: 'PATCH', body: { tags: { add: ['one more'] } } })).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer: '/tags', code: 'too_long' }] },
  });
  expect((await tenant.get(path)).json.tags).toHaveLength(50);
});

test('metadata has 16 KiB, also after a merge, and not a byte more', async () => {
  const tenant = await api.tenant();
  const half = { a: 'x'.repeat(8_000) };
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'x',
    metadata: half,
    tasks: [{ title: 't', metadata: half }],
  });
  // As the database prints it: {"a": "…", "b": "…"}
  const rest = 16_384 - 8_000 - '{"a": "", "b": ""}'.length;
  for (const path of [`/api/v1/projects/${json.id}`, `/api/v1/tasks/${json.tasks[0].id}`]) {
    const patch = (length: number) =>
      tenant.call(path, { method: 'PATCH', body: { metadata: { b: 'y'.repeat(length) } } });
    expect(await patch(rest + 1)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: '/metadata', code: 'too_large' }] },
    });
    expect((await patch(rest)).status).toBe(200);
  }
});

/** Subtasks that are as large as tasks can be, 56 kB each. */
async function fill({ id }: TestTenant, project: string, parent: string, rows: number): Promise<void> {
  await api.database.admin.query(
    `insert into tasks (tenant_id, project_id, parent_id, title, position, description, metadata)
     select $1, $2, $3, 't', n, repeat('😀', 10000), jsonb_build_object('a', repeat('x', 16000))
     from generate_series(1, $4::integer) as n`,
    [id, project, parent, rows],
  );
}

test('an answer has 8 MiB; beyond, the parameter to lower is named, and it helps', PATIENT, async () => {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'x', tasks: [{ title: 'root' }] });
  const root = project.tasks[0].id;
  await fill(tenant, project.id, root, 155);
  const own = `/api/v1/projects/${project.id}`;
  for (const [path, pointer, lower] of [
    ['/api/v1/projects?include=tasks&task_limit=200', '?task_limit', '/api/v1/projects?include=tasks'],
    [`${own}?task_limit=1000`, '?task_limit', `${own}?task_limit=100`],
    [`/api/v1/tasks/${root}?include=subtasks`, '?include', `/api/v1/tasks/${root}`],
  ] as const) {
    expect(await tenant.get(path), path).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer }] },
    });
    expect((await tenant.get(lower)).status, lower).toBe(200);
  }

  await tenant.call(own, { method: 'DELETE' });
  const restore = (limit: number) => tenant.post(`${own}/restore?task_limit=${limit}`, {});
  expect(await restore(1000)).toMatchObject({ status: 422, json: { errors: [{ pointer: '?task_limit' }] } });
  expect((await tenant.get(own)).status, 'and nothing of the write stays').toBe(404);
  expect((await restore(10)).status).toBe(200);
});
