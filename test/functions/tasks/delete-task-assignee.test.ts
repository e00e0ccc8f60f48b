import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { addMember } from '../../support/members.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const ada = await addMember(api, tenant, { name: 'Ada' });
  const assignees = [{ member_id: ada, role: 'owner' }];
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', assignees }] });
  const [task] = json.tasks;
  const path = `/api/v1/tasks/${task.id}`;
  const remove = (member: string) => tenant.call(`${path}/assignees/${member}`, { method: 'DELETE' });
  return { tenant, task, ada, path, remove };
}

async function make(): Promise<Write> {
  const { tenant, task, ada, path } = await world();
  return { tenant, table: 'tasks', id: task.id, method: 'DELETE', path: `${path}/assignees/${ada}` };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});

test('takes the member off, once', async () => {
  const { tenant, task, ada, path, remove } = await world();
  expect(await remove(ada)).toMatchObject({ status: 204, text: '' });
  expect((await tenant.get(path)).json).toMatchObject({ version: 2, assignees: [] });
  const log = await history(tenant, task.id);
  expect(log.at(-1)).toMatchObject({
    action: 'delete',
    resource_type: 'assignee',
    changes: { member_id: [ada, null], role: ['owner', null] },
  });
  expect((await remove(ada)).status).toBe(204);
  expect((await tenant.get(path)).json.version).toBe(2);
  expect(await history(tenant, task.id)).toEqual(log);
});

test('a deactivated member can be taken off', async () => {
  const { tenant, ada, path, remove } = await world();
  await api.database.admin.query(`update members set status = 'deactivated' where id = $1`, [ada]);
  expect((await tenant.get(path)).json.assignees).toMatchObject([{ id: ada }]);
  expect((await remove(ada)).status).toBe(204);
});

test('a member who is unknown or another tenant’s is the same 404', async () => {
  const { remove } = await world();
  const stranger = await world();
  const unknown = await remove(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await remove(stranger.ada)).text)).toBe(anonymous(unknown.text));
});

test('a viewer may not', async () => {
  const { tenant, ada, path } = await world();
  const reply = await tenant.call(`${path}/assignees/${ada}`, { method: 'DELETE', role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
