import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { history, inTurn, knowsOnlyItsOwn, meetingAt, type Write } from '../../support/writes.ts';

const api = useApi();

async function world(tags: string[] = ['have']) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', tags }] });
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'new', color: '#00ff00' });
  const [task] = json.tasks;
  const path = `/api/v1/tasks/${task.id}`;
  const put = (tagId: string = tag.id) => tenant.call(`${path}/tags/${tagId}`, { method: 'PUT' });
  return { tenant, task, tag, path, put };
}

async function make(): Promise<Write> {
  const { tenant, task, tag, path } = await world();
  return { tenant, table: 'tasks', id: task.id, method: 'PUT', path: `${path}/tags/${tag.id}` };
}

knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});

test('puts the tag on the task, which is a change of the task', async () => {
  const { tenant, task, tag, path, put } = await world();
  expect(await put()).toMatchObject({ status: 204, text: '' });
  const { json } = await tenant.get(path);
  expect(json).toMatchObject({
    version: 2,
    tags: [{ name: 'have' }, { id: tag.id, name: 'new', color: '#00ff00' }],
  });
  expect((await tenant.get(`/api/v1/tags/${tag.id}`)).json.version).toBe(1);
  expect((await history(tenant, task.id)).at(-1)).toMatchObject({
    action: 'insert',
    resource_type: 'tagging',
    changes: { tag_id: [null, tag.id] },
  });
});

test('a second time it changes nothing', async () => {
  const { tenant, task, path, put } = await world();
  await put();
  const before = [(await tenant.get(path)).text, await history(tenant, task.id)];
  const replies = await Promise.all([put(), put(), put(task.tags[0].id)]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect([(await tenant.get(path)).text, await history(tenant, task.id)]).toEqual(before);
});

test('at once it is put on once', async () => {
  const { tenant, path, put } = await world();
  const replies = await Promise.all(Array.from({ length: 4 }, () => put()));
  expect(replies.map(({ status }) => status)).toEqual(Array(4).fill(204));
  expect((await tenant.get(path)).json).toMatchObject({ version: 2, tags: [{}, {}] });
});

test('a tag that is unknown, deleted or another tenant’s is the same 404', async () => {
  const { tenant, tag, path, put } = await world();
  const stranger = await world();
  const unknown = await put(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await put(stranger.tag.id)).text)).toBe(anonymous(unknown.text));
  await tenant.call(`/api/v1/tags/${tag.id}`, { method: 'DELETE' });
  expect(anonymous((await put()).text)).toBe(anonymous(unknown.text));
  expect((await put('new')).status).toBe(400);
  expect((await tenant.get(path)).json.version).toBe(1);
});

test('a tag whose deletion has begun is 404', async () => {
  const { tenant, task, tag, put } = await world();
  await put();
  const { json: other } = await tenant.post(`/api/v1/projects/${task.project_id}/tasks`, { title: 'b' });
  // The deletion has deleted the tag, and waits to take it off the first task.
  const [deleted, reply] = await inTurn(
    api,
    ['select from task_tags where tag_id = $1 for update', [tag.id]],
    [
      () => tenant.call(`/api/v1/tags/${tag.id}`, { method: 'DELETE' }),
      () => tenant.call(`/api/v1/tasks/${other.id}/tags/${tag.id}`, { method: 'PUT' }),
    ],
  );
  expect([deleted?.status, reply?.status]).toEqual([204, 404]);
  expect((await tenant.get(`/api/v1/tasks/${other.id}`)).json).toMatchObject({ version: 1, tags: [] });
});

test('a tag that is deleted while it is put on a task is taken off again', async () => {
  const { tenant, task, tag, path, put } = await world();
  // With its lock on the tag, the request waits for the same tagging of a transaction that is rolled back at last. That one
  // runs without triggers, which would lock the task and so let the request wait before it has the tag.
  const hold = `insert into task_tags (tenant_id, task_id, tag_id)
    select $1, $2, $3 from set_config('session_replication_role', 'replica', true)`;
  const [reply, deleted] = await inTurn(
    api,
    [hold, [tenant.id, task.id, tag.id]],
    [() => put(), () => tenant.call(`/api/v1/tags/${tag.id}`, { method: 'DELETE' })],
  );
  expect([reply?.status, deleted?.status]).toEqual([204, 204]);
  expect((await tenant.get(path)).json).toMatchObject({ version: 2, tags: [{ name: 'have' }] });
});

test('50 and no more, also at once', async () => {
  const { tenant, task, tag, path, put } = await world(Array.from({ length: 49 }, (_, i) => `t${i}`));
  const { json: other } = await tenant.post('/api/v1/tags', { name: 'other' });
  const replies = await meetingAt(api, { table: 'tasks', id: task.id }, () => [put(tag.id), put(other.id)]);
  expect(replies.map(({ status }) => status).sort()).toEqual([204, 409]);
  expect(replies.find(({ status }) => status === 409)?.json.code).toBe('conflict');
  expect((await tenant.get(path)).json.tags).toHaveLength(50);
});

test('a viewer may not', async () => {
  const { tenant, tag, path } = await world();
  const reply = await tenant.call(`${path}/tags/${tag.id}`, { method: 'PUT', role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
