import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [{ title: 'a', tags: ['t'], subtasks: [{ title: 'b' }] }, { title: 'early' }],
  });
  return { tenant, project: json.id, tasks: json.tasks, path: `/api/v1/projects/${json.id}` };
}

async function make(): Promise<Write> {
  const { tenant, project, path } = await world();
  return { tenant, table: 'projects', id: project, method: 'DELETE', path };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('the project and its tasks are gone from everywhere', async () => {
  const { tenant, tasks, path } = await world();
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] });
  expect(await tenant.call(path, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
  for (const url of [path, `${path}/tasks`, `${path}/stats`, `/api/v1/tasks/${tasks[0].id}`]) {
    expect(await tenant.get(url), url).toMatchObject({ status: 404, json: { code: 'not_found' } });
  }
  expect((await tenant.post(`${path}/tasks`, { title: 'late' })).status).toBe(404);
  expect((await tenant.get('/api/v1/projects')).json.data).toMatchObject([{ id: other.id }]);
  expect((await tenant.get('/api/v1/tasks')).json.data).toMatchObject([{ title: 'q' }]);
  expect((await tenant.get('/api/v1/tags')).json.data).toMatchObject([{ name: 't', task_count: 0 }]);
});

test('each row has a new version and an entry in the audit log, what was in the trash already has none', async () => {
  const { tenant, project, tasks, path } = await world();
  const [a, b, early] = tasks;
  await tenant.call(`/api/v1/tasks/${early.id}`, { method: 'DELETE' });
  await tenant.call(path, { method: 'DELETE' });
  const { rows } = await api.database.admin.query(
    `select id, version, deleted_by, trash_id from projects where tenant_id = $1 union all
     select * from (select id, version, deleted_by, trash_id from tasks where tenant_id = $1 order by position) as t`,
    [tenant.id],
  );
  expect(rows).toEqual([
    { id: project, version: 2, deleted_by: 'tester', trash_id: project },
    { id: a.id, version: 2, deleted_by: 'tester', trash_id: project },
    { id: b.id, version: 2, deleted_by: 'tester', trash_id: project },
    { id: early.id, version: 2, deleted_by: 'tester', trash_id: early.id },
  ]);
  for (const id of [project, b.id, early.id]) {
    const entries = await history(tenant, id);
    expect(entries.map(({ action }) => action)).toEqual(['insert', 'trash']);
    expect(entries[1]?.changes).toEqual({
      deleted_at: [null, expect.any(String)],
      deleted_by: [null, 'tester'],
    });
  }
});

test('a task that is being created meanwhile is in the trash too, or nowhere', async () => {
  const { tenant, project, path } = await world();
  const { admin } = api.database;
  const moment = () => new Promise((resolve) => setTimeout(resolve, 150));
  // A tag that somebody else is about to make holds the new task up after it has found its project.
  await admin.query('begin');
  await admin.query("insert into tags (tenant_id, name) values ($1, 'late')", [tenant.id]);
  const created = tenant.post(`${path}/tasks`, { title: 'new', tags: ['late'] });
  await moment();
  const trashed = tenant.call(path, { method: 'DELETE' });
  await moment();
  await admin.query('commit');
  expect([201, 404]).toContain((await created).status);
  expect((await trashed).status).toBe(204);
  const { rows } = await admin.query('select from tasks where project_id = $1 and deleted_at is null', [project]);
  expect(rows).toEqual([]);
});

test('a viewer may not', async () => {
  const { tenant, path } = await world();
  const reply = await tenant.call(path, { method: 'DELETE', role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
