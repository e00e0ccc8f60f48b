import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { heedsIdempotencyKey, heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

interface Shown {
  title: string;
}

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    metadata: { k: 1 },
    tasks: [
      { title: 'a', tags: ['t'], subtasks: [{ title: 'b' }] },
      { title: 'early', subtasks: [{ title: 'earliest' }] },
    ],
  });
  const path = `/api/v1/projects/${json.id}`;
  const trash = () => tenant.call(path, { method: 'DELETE' });
  const restore = () => tenant.post(`${path}/restore`, undefined);
  return { tenant, project: json, path, trash, restore };
}

async function make(): Promise<Write> {
  const { tenant, project, path, trash } = await world();
  await trash();
  return { tenant, table: 'projects', id: project.id, method: 'POST', path: `${path}/restore` };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make);

test('brings back the project with its tasks, as it was, and answers as GET does', async () => {
  const { tenant, project, path, trash, restore } = await world();
  await trash();
  const { status, json, headers } = await restore();
  expect(status).toBe(200);
  const since = (row: object) => ({ ...row, version: 3, updated_at: expect.any(String) });
  expect(json).toEqual({ ...since(project), tasks: project.tasks.map(since) });
  const got = await tenant.get(path);
  expect(got.json).toEqual(json);
  expect(got.headers.get('ETag')).toBe(headers.get('ETag'));
  expect((await tenant.get('/api/v1/trash')).json.data).toEqual([]);
  for (const id of [project.id, project.tasks[1].id]) {
    expect((await history(tenant, id)).at(-1)).toMatchObject({
      action: 'restore',
      changes: { deleted_at: [expect.any(String), null], deleted_by: ['tester', null] },
    });
  }
});

test('exactly what went along: a task that was in the trash before stays there', async () => {
  const { tenant, project, trash, restore } = await world();
  await tenant.call(`/api/v1/tasks/${project.tasks[2].id}`, { method: 'DELETE' });
  await trash();
  const { json } = await restore();
  expect(json.tasks.map(({ title }: Shown) => title)).toEqual(['a', 'b']);
  expect((await tenant.get('/api/v1/trash')).json.data).toMatchObject([{ type: 'task', name: 'early' }]);
});

test('a project that is not in the trash is a conflict', async () => {
  const { tenant, path, restore } = await world();
  expect(await restore()).toMatchObject({ status: 409, json: { code: 'conflict' } });
  expect((await tenant.get(path)).json.version).toBe(1);
});

test('shows the first 200 tasks, and where they go on', async () => {
  const tenant = await api.tenant();
  const tasks = Array.from({ length: 201 }, (_, i) => ({ title: `t${i}` }));
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const path = `/api/v1/projects/${json.id}`;
  await tenant.call(path, { method: 'DELETE' });
  const restored = (await tenant.post(`${path}/restore`, undefined)).json;
  expect(restored.tasks).toHaveLength(200);
  expect(restored).toMatchObject({ task_count: 201, tasks_page: { limit: 200, has_more: true } });
  const rest = await tenant.get(`${path}/tasks?cursor=${restored.tasks_page.next_cursor}`);
  expect(rest.json.data).toMatchObject([{ title: 't200', version: 3 }]);
});

test('a project whose tasks are very large can be restored', async () => {
  const { tenant, project, path, trash, restore } = await world();
  await api.database.admin.query(
    `insert into tasks (tenant_id, project_id, title, position, description, metadata)
     select $1, $2, 't', 10 + n, repeat(U&'\\+01F99C', 10000), jsonb_build_object('k', repeat('x', 16000))
     from generate_series(1, 200) as n`,
    [tenant.id, project.id],
  );
  await trash();
  const tooLarge = await restore();
  expect(tooLarge).toMatchObject({ status: 422, json: { errors: [{ pointer: '?task_limit' }] } });
  expect((await tenant.get(path)).status).toBe(404);
  expect((await tenant.post(`${path}/restore?task_limit=20`, undefined)).json.tasks).toHaveLength(20);
});

test('a viewer may not', async () => {
  const { tenant, path, trash } = await world();
  await trash();
  const reply = await tenant.post(`${path}/restore`, undefined, { role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
