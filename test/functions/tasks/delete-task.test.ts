import { expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

interface Shown {
  id: string;
  title: string;
}

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'root', tags: ['t'], subtasks: [{ title: 'low', subtasks: [{ title: 'lowest' }] }, { title: 'early' }] },
      { title: 'beside' },
    ],
  });
  const path = (title: string) => `/api/v1/tasks/${json.tasks.find((task: Shown) => task.title === title).id}`;
  const trash = (title: string) => tenant.call(path(title), { method: 'DELETE' });
  return { tenant, project: json.id, tasks: json.tasks, path, trash };
}

async function make(): Promise<Write> {
  const { tenant, tasks, path } = await world();
  return { tenant, table: 'tasks', id: tasks[0].id, method: 'DELETE', path: path('root') };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('the task and all below it are gone from everywhere', async () => {
  const { tenant, project, path, trash } = await world();
  const reply = await trash('root');
  expect(reply).toMatchObject({ status: 204, text: '' });
  expect(reply.headers.get('ETag')).toBeNull();
  for (const title of ['root', 'low', 'lowest', 'early']) expect((await tenant.get(path(title))).status).toBe(404);
  const shown = (await tenant.get(`/api/v1/projects/${project}`)).json;
  expect(shown.tasks.map(({ title }: Shown) => title)).toEqual(['beside']);
  expect(shown).toMatchObject({ task_count: 1, version: 1 });
  expect((await tenant.get('/api/v1/tasks?tag=t')).json.data).toEqual([]);
  expect((await tenant.get(`/api/v1/projects/${project}/tasks`)).json.data).toHaveLength(1);
  expect((await tenant.get('/api/v1/tags')).json.data).toMatchObject([{ name: 't', task_count: 0 }]);
});

test('each has a new version and an entry in the audit log, what was there already has none', async () => {
  const { tenant, tasks, trash } = await world();
  await trash('early');
  await trash('root');
  const { rows } = await api.database.admin.query(
    'select title, version, deleted_by, trash_id from tasks where tenant_id = $1 order by position',
    [tenant.id],
  );
  const [root, , , early] = tasks;
  expect(rows).toEqual([
    { title: 'root', version: 2, deleted_by: 'tester', trash_id: root.id },
    { title: 'low', version: 2, deleted_by: 'tester', trash_id: root.id },
    { title: 'lowest', version: 2, deleted_by: 'tester', trash_id: root.id },
    { title: 'early', version: 2, deleted_by: 'tester', trash_id: early.id },
    { title: 'beside', version: 1, deleted_by: null, trash_id: null },
  ]);
  for (const { id, title } of tasks.slice(0, 4)) {
    const entries = (await history(tenant, id)).filter(({ resource_type }) => resource_type === 'task');
    expect(
      entries.map(({ action }) => action),
      title,
    ).toEqual(['insert', 'trash']);
    expect(entries[1]?.changes).toEqual({
      deleted_at: [null, expect.any(String)],
      deleted_by: [null, 'tester'],
    });
  }
});

test('who has no name leaves none', async () => {
  const { tenant, path } = await world();
  const token = await signToken({ tenant_id: tenant.id });
  expect((await api.call(path('root'), { method: 'DELETE', token })).status).toBe(204);
  expect((await tenant.get('/api/v1/trash')).json.data).toMatchObject([{ deleted_by: null }]);
});

test('a viewer may not', async () => {
  const { tenant, path } = await world();
  const reply = await tenant.call(path('root'), { method: 'DELETE', role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
