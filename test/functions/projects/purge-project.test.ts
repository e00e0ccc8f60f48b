import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { heedsIdempotencyKey, heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [{ title: 'a', tags: ['t'], subtasks: [{ title: 'b' }] }, { title: 'early' }],
  });
  const path = `/api/v1/projects/${json.id}`;
  const trash = () => tenant.call(path, { method: 'DELETE' });
  const purge = () => tenant.post(`${path}/purge`, undefined);
  return { tenant, project: json.id, tasks: json.tasks, path, trash, purge };
}

async function make(): Promise<Write> {
  const { tenant, project, path, trash } = await world();
  await trash();
  return { tenant, table: 'projects', id: project, method: 'POST', path: `${path}/purge` };
}

heedsIfMatch(api, 204, make);
heedsIdempotencyKey(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.post(write.path, undefined);
  return write;
});

test('the project and its tasks are gone for good, the rest stays', async () => {
  const { tenant, project, tasks, path, trash, purge } = await world();
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q', tags: ['t'] }] });
  await tenant.call(`/api/v1/tasks/${tasks[2].id}`, { method: 'DELETE' });
  await trash();
  expect(await purge()).toMatchObject({ status: 204, text: '' });
  const { rows } = await api.database.admin.query('select title from tasks where tenant_id = $1', [tenant.id]);
  expect(rows).toEqual([{ title: 'q' }]);
  expect((await tenant.get('/api/v1/trash')).json.data).toEqual([]);
  expect((await tenant.post(`${path}/restore`, undefined)).status).toBe(404);
  expect((await tenant.get(`/api/v1/projects/${other.id}`)).json).toMatchObject({ version: 1, task_count: 1 });
  expect((await tenant.get('/api/v1/tags')).json.data).toMatchObject([{ name: 't', task_count: 1 }]);
  for (const id of [project, tasks[1].id, tasks[2].id]) {
    const entries = await history(tenant, id);
    expect(entries.map(({ action, changes }) => [action, changes])).toEqual([
      ['insert', {}],
      ['trash', {}],
      ['purge', {}],
    ]);
  }
});

test('a project that is not in the trash is a conflict', async () => {
  const { tenant, path, purge } = await world();
  expect(await purge()).toMatchObject({ status: 409, json: { code: 'conflict' } });
  expect((await tenant.get(path)).json.version).toBe(1);
});

test('only an admin may', async () => {
  const { tenant, path, trash } = await world();
  await trash();
  for (const role of ['viewer', 'member'] as const) {
    const reply = await tenant.post(`${path}/purge`, undefined, { role });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  }
});

test('none of its values is left anywhere, and a retry of what made it makes nothing anew', async () => {
  const tenant = await api.tenant();
  const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });
  const body = {
    name: 'marker-one',
    description: 'marker-two',
    metadata: { 'marker-three': 'marker-four' },
    tasks: [
      { title: 'marker-five', metadata: { k: 'marker-six' }, subtasks: [{ title: 'marker-seven' }] },
      { title: 'x' },
    ],
  };
  const { json } = await tenant.post('/api/v1/projects', body, keyed('create'));
  const path = `/api/v1/projects/${json.id}`;
  const [task, , leaves] = json.tasks;
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] }, keyed('other'));
  await tenant.call(path, { method: 'PATCH', body: { name: 'marker-eight' }, ...keyed('patch') });
  await tenant.call(path, { method: 'PATCH', body: { name: 'marker-nine' } });
  const patchTask = { title: 'marker-ten', description: 'marker-eleven' };
  await tenant.call(`/api/v1/tasks/${task.id}`, { method: 'PATCH', body: patchTask, ...keyed('task') });
  const said = await tenant.post(`/api/v1/tasks/${task.id}/comments`, { body: 'marker-twelve' }, keyed('say'));
  const edit = { method: 'PATCH', body: { body: 'marker-thirteen' }, ...keyed('edit') };
  expect((await tenant.call(`/api/v1/comments/${said.json.id}`, edit)).status).toBe(200);
  // The stored answers of a task that has left, and of one that has come, show the project too.
  await tenant.call(`/api/v1/tasks/${leaves.id}`, { method: 'PATCH', body: { priority: 1 }, ...keyed('before') });
  await tenant.call(`/api/v1/tasks/${leaves.id}`, {
    method: 'PATCH',
    body: { project_id: other.id },
    ...keyed('away'),
  });
  await tenant.call(`/api/v1/tasks/${other.tasks[0].id}`, {
    method: 'PATCH',
    body: { project_id: json.id },
    ...keyed('come'),
  });
  await tenant.call(path, { method: 'DELETE' });
  await tenant.post(`${path}/restore`, undefined, keyed('restore'));
  await tenant.call(path, { method: 'DELETE' });
  expect(JSON.stringify(await storedRows(api.database.admin))).toMatch(/marker-/);
  expect((await tenant.post(`${path}/purge`, undefined)).status).toBe(204);
  expect(JSON.stringify(await storedRows(api.database.admin))).not.toMatch(/marker-/);
  expect((await tenant.post(`${path}/restore`, undefined, keyed('restore'))).status).toBe(404);
  expect((await tenant.call(`/api/v1/comments/${said.json.id}`, edit)).status).toBe(404);
  expect((await tenant.post('/api/v1/projects', body, keyed('create'))).status).toBe(404);
  expect((await tenant.get('/api/v1/projects')).json.data).toMatchObject([{ name: 'Q' }]);
  expect((await tenant.get(`/api/v1/tasks/${leaves.id}`)).json).toMatchObject({ title: 'x', project: { name: 'Q' } });
});
