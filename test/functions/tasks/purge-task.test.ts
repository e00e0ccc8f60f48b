import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { heedsIdempotencyKey, heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [{ title: 'root', tags: ['t'], subtasks: [{ title: 'low' }] }, { title: 'beside' }],
  });
  const [root, low, beside] = json.tasks;
  const path = (id: string) => `/api/v1/tasks/${id}`;
  const trash = (id: string) => tenant.call(path(id), { method: 'DELETE' });
  const purge = (id: string) => tenant.post(`${path(id)}/purge`, undefined);
  return { tenant, project: json.id as string, root, low, beside, path, trash, purge };
}

async function make(): Promise<Write> {
  const { tenant, root, trash, path } = await world();
  await trash(root.id);
  return { tenant, table: 'tasks', id: root.id, method: 'POST', path: `${path(root.id)}/purge` };
}

heedsIfMatch(api, 204, make);
heedsIdempotencyKey(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.post(write.path, undefined);
  return write;
});

test('the task and all below it are gone for good, the rest stays', async () => {
  const { tenant, project, root, low, trash, purge } = await world();
  await trash(low.id);
  await trash(root.id);
  expect(await purge(root.id)).toMatchObject({ status: 204, text: '' });
  const { rows } = await api.database.admin.query('select title from tasks where tenant_id = $1', [tenant.id]);
  expect(rows).toEqual([{ title: 'beside' }]);
  expect((await tenant.get('/api/v1/trash')).json.data).toEqual([]);
  expect((await tenant.get(`/api/v1/projects/${project}`)).json.task_count).toBe(1);
  expect((await tenant.get('/api/v1/tags')).json.data).toMatchObject([{ name: 't', task_count: 0 }]);
  for (const id of [root.id, low.id]) {
    expect((await tenant.post(`/api/v1/tasks/${id}/restore`, undefined)).status).toBe(404);
    const entries = (await history(tenant, id)).filter(({ resource_type }) => resource_type === 'task');
    expect(entries.map(({ action, changes }) => [action, changes])).toEqual([
      ['insert', {}],
      ['trash', {}],
      ['purge', {}],
    ]);
  }
});

test('what went along can be purged by itself', async () => {
  const { tenant, root, low, trash, purge } = await world();
  await trash(root.id);
  expect((await purge(low.id)).status).toBe(204);
  expect((await tenant.post(`/api/v1/tasks/${root.id}/restore`, undefined)).status).toBe(200);
  expect((await tenant.get(`/api/v1/tasks/${low.id}`)).status).toBe(404);
});

test('a task that is not in the trash is a conflict', async () => {
  const { tenant, root, path, purge } = await world();
  expect(await purge(root.id)).toMatchObject({ status: 409, json: { code: 'conflict' } });
  expect((await tenant.get(path(root.id))).json.version).toBe(1);
});

test('only an admin may', async () => {
  const { tenant, root, path, trash } = await world();
  await trash(root.id);
  for (const role of ['viewer', 'member'] as const) {
    const reply = await tenant.post(`${path(root.id)}/purge`, undefined, { role });
    expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  }
});

test('none of its values is left anywhere, and a retry of what made it makes nothing anew', async () => {
  const { tenant, project, beside, path } = await world();
  const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });
  const tasks = `/api/v1/projects/${project}/tasks`;
  const body = { title: 'marker-one', description: 'marker-two', metadata: { k: 'marker-three' } };
  const { json: task } = await tenant.post(tasks, body, keyed('create'));
  const patch = { title: 'marker-four', metadata: { 'marker-five': 1 }, due_on: '1987-06-05' };
  await tenant.call(path(task.id), { method: 'PATCH', body: patch, ...keyed('patch') });
  const child = await tenant.post(tasks, { title: 'marker-six', parent_id: task.id }, keyed('child'));
  const other = await tenant.call(path(beside.id), { method: 'PATCH', body: { title: 'stays' }, ...keyed('other') });
  await tenant.call(path(task.id), { method: 'DELETE' });
  await tenant.post(`${path(task.id)}/restore`, undefined, keyed('restore'));
  const said = await tenant.post(`${path(child.json.id)}/comments`, { body: 'marker-seven' }, keyed('say'));
  const edit = { method: 'PATCH', body: { body: 'marker-eight' }, ...keyed('edit') };
  expect((await tenant.call(`/api/v1/comments/${said.json.id}`, edit)).status).toBe(200);
  await tenant.call(path(task.id), { method: 'DELETE' });
  expect(JSON.stringify(await storedRows(api.database.admin))).toMatch(/marker-/);
  expect((await tenant.post(`${path(task.id)}/purge`, undefined)).status).toBe(204);
  const left = JSON.stringify(await storedRows(api.database.admin));
  expect(left).not.toMatch(/marker-/);
  expect(left).not.toContain('1987-06-05');
  for (const id of [task.id, child.json.id]) {
    for (const entry of await history(tenant, id)) expect(entry.changes).toEqual({});
  }
  for (const entry of await history(tenant, said.json.id)) expect(entry.changes).toEqual({});
  expect((await tenant.post(tasks, body, keyed('create'))).status).toBe(404);
  expect((await tenant.call(`/api/v1/comments/${said.json.id}`, edit)).status).toBe(404);
  const again = await tenant.call(path(beside.id), { method: 'PATCH', body: { title: 'stays' }, ...keyed('other') });
  expect(again.text).toBe(other.text);
});
