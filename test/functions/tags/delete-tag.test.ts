import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'a', tags: ['gone', 'stays'] },
      { title: 'b', tags: ['gone'] },
      { title: 'trashed', tags: ['gone'] },
    ],
  });
  const [tag] = json.tasks[0].tags;
  return { tenant, project: json, tag, path: `/api/v1/tags/${tag.id}` };
}

async function make(): Promise<Write> {
  const { tenant, tag, path } = await world();
  return { tenant, table: 'tags', id: tag.id, method: 'DELETE', path };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('takes the tag off its tasks, whose versions stay', async () => {
  const { tenant, project, path } = await world();
  const trashed = `/api/v1/tasks/${project.tasks[2].id}`;
  await tenant.call(trashed, { method: 'DELETE' });
  expect(await tenant.call(path, { method: 'DELETE' })).toMatchObject({ status: 204, text: '' });
  expect((await tenant.get(path)).status).toBe(404);
  expect((await tenant.get('/api/v1/tags')).json.data).toMatchObject([{ name: 'stays' }]);
  const [a, b] = (await tenant.get(`/api/v1/projects/${project.id}`)).json.tasks;
  expect(a).toEqual({ ...project.tasks[0], tags: [expect.objectContaining({ name: 'stays' })] });
  expect(b).toEqual({ ...project.tasks[1], tags: [] });
  expect((await tenant.post(`${trashed}/restore`, undefined)).json).toMatchObject({ version: 3, tags: [] });
});

test('is in the audit log, with each tagging', async () => {
  const { tenant, project, tag, path } = await world();
  await tenant.call(path, { method: 'DELETE' });
  expect((await history(tenant, tag.id)).at(-1)).toMatchObject({
    action: 'delete',
    resource_type: 'tag',
    actor: 'tester',
    changes: { name: ['gone', null] },
  });
  for (const { id } of project.tasks) {
    expect((await history(tenant, id)).at(-1)).toMatchObject({
      action: 'delete',
      resource_type: 'tagging',
      changes: { tag_id: [tag.id, null] },
    });
  }
});

test('its name is free again', async () => {
  const { tenant, tag, path } = await world();
  await tenant.call(path, { method: 'DELETE' });
  const { status, json } = await tenant.post('/api/v1/tags', { name: 'GONE' });
  expect(status).toBe(201);
  expect(json.id).not.toBe(tag.id);
});

test('a viewer may not', async () => {
  const { tenant, path } = await world();
  expect(await tenant.call(path, { method: 'DELETE', role: 'viewer' })).toMatchObject({
    status: 403,
    json: { code: 'forbidden' },
  });
});
