import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'a', tags: ['on', 'stays'] },
      { title: 'b', tags: ['on'] },
    ],
  });
  const [task, other] = json.tasks;
  const [tag] = task.tags;
  const path = `/api/v1/tasks/${task.id}`;
  const off = (tagId: string = tag.id) => tenant.call(`${path}/tags/${tagId}`, { method: 'DELETE' });
  return { tenant, task, other, tag, path, off };
}

async function make(): Promise<Write> {
  const { tenant, task, tag, path } = await world();
  return { tenant, table: 'tasks', id: task.id, method: 'DELETE', path: `${path}/tags/${tag.id}` };
}

knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});

test('takes the tag off this task, which is a change of the task', async () => {
  const { tenant, task, other, tag, path, off } = await world();
  expect(await off()).toMatchObject({ status: 204, text: '' });
  expect((await tenant.get(path)).json).toMatchObject({ version: 2, tags: [{ name: 'stays' }] });
  expect((await tenant.get(`/api/v1/tasks/${other.id}`)).json).toMatchObject({ version: 1, tags: [{ name: 'on' }] });
  expect((await tenant.get(`/api/v1/tags/${tag.id}`)).json.version).toBe(1);
  expect((await history(tenant, task.id)).at(-1)).toMatchObject({
    action: 'delete',
    resource_type: 'tagging',
    changes: { tag_id: [tag.id, null] },
  });
});

test('a tag that is not on the task changes nothing', async () => {
  const { tenant, task, path, off } = await world();
  await off();
  const { json: never } = await tenant.post('/api/v1/tags', { name: 'never' });
  const before = [(await tenant.get(path)).text, await history(tenant, task.id)];
  const replies = await Promise.all([off(), off(), off(never.id)]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect([(await tenant.get(path)).text, await history(tenant, task.id)]).toEqual(before);
});

test('a tag that is unknown, deleted or another tenant’s is the same 404', async () => {
  const { tenant, tag, off } = await world();
  const stranger = await world();
  const unknown = await off(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await off(stranger.tag.id)).text)).toBe(anonymous(unknown.text));
  await tenant.call(`/api/v1/tags/${tag.id}`, { method: 'DELETE' });
  expect(anonymous((await off()).text)).toBe(anonymous(unknown.text));
  expect((await off('on')).status).toBe(400);
});

test('a viewer may not', async () => {
  const { tenant, tag, path } = await world();
  const reply = await tenant.call(`${path}/tags/${tag.id}`, { method: 'DELETE', role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
