import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { addMember, addMembers } from '../../support/members.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { heedsIfMatch, history, inTurn, knowsOnlyItsOwn, meetingAt, type Write } from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const [ada, grace] = [await addMember(api, tenant, { name: 'Ada' }), await addMember(api, tenant, { name: 'Grace' })];
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a' }] });
  const [task] = json.tasks;
  const path = `/api/v1/tasks/${task.id}`;
  const put = (member: string, role?: string) =>
    tenant.call(`${path}/assignees/${member}`, { method: 'PUT', body: role ? { role } : {} });
  const shown = async () => (await tenant.get(path)).json;
  return { tenant, task, ada, grace, path, put, shown };
}

async function make(): Promise<Write> {
  const { tenant, task, ada, path } = await world();
  return { tenant, table: 'tasks', id: task.id, method: 'PUT', path: `${path}/assignees/${ada}`, body: {} };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});

test('assigns the member, which is a change of the task', async () => {
  const { tenant, task, ada, put, shown } = await world();
  expect(await put(ada)).toMatchObject({ status: 204, text: '' });
  expect(await shown()).toMatchObject({
    version: 2,
    assignees: [
      {
        id: ada,
        name: 'Ada',
        role: 'contributor',
        assigned_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.{12}Z$/),
      },
    ],
  });
  expect((await history(tenant, task.id)).at(-1)).toMatchObject({
    action: 'insert',
    resource_type: 'assignee',
    changes: { member_id: [null, ada], role: [null, 'contributor'] },
  });
});

test('gives another role, and keeps when it was', async () => {
  const { tenant, task, ada, put, shown } = await world();
  await put(ada);
  const [{ assigned_at }] = (await shown()).assignees;
  expect((await put(ada, 'reviewer')).status).toBe(204);
  expect(await shown()).toMatchObject({ version: 3, assignees: [{ id: ada, role: 'reviewer', assigned_at }] });
  expect((await history(tenant, task.id)).at(-1)).toMatchObject({
    action: 'update',
    resource_type: 'assignee',
    changes: { member_id: [ada, ada], role: ['contributor', 'reviewer'] },
  });
});

test('a second time it changes nothing', async () => {
  const { tenant, task, path, ada, put } = await world();
  await put(ada, 'owner');
  const before = [(await tenant.get(path)).text, await history(tenant, task.id)];
  expect((await put(ada, 'owner')).status).toBe(204);
  expect([(await tenant.get(path)).text, await history(tenant, task.id)]).toEqual(before);
});

test('a new owner makes the old one a contributor; the owner stands first', async () => {
  const { ada, grace, put, shown } = await world();
  await put(ada, 'owner');
  await put(grace, 'owner');
  const { version, assignees } = await shown();
  expect(version).toBe(3);
  expect(assignees).toMatchObject([
    { id: grace, role: 'owner' },
    { id: ada, role: 'contributor' },
  ]);
});

test('of two owners that come at once one remains', async () => {
  const { task, ada, grace, put, shown } = await world();
  const replies = await meetingAt(api, { table: 'tasks', id: task.id }, () => [put(ada, 'owner'), put(grace, 'owner')]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204]);
  const { assignees } = await shown();
  expect(assignees.map(({ role }: { role: string }) => role)).toEqual(['owner', 'contributor']);
});

test('20 and no more, also at once', async () => {
  const { tenant, task, ada, grace, path, put, shown } = await world();
  const others = await addMembers(api, tenant, 19);
  const assignees = others.map((member_id) => ({ member_id }));
  expect((await tenant.call(path, { method: 'PATCH', body: { assignees } })).status).toBe(200);
  const replies = await meetingAt(api, { table: 'tasks', id: task.id }, () => [put(ada), put(grace)]);
  expect(replies.map(({ status }) => status).sort()).toEqual([204, 422]);
  expect((await shown()).assignees).toHaveLength(20);
});

test('a member who is unknown or another tenant’s is the same 404', async () => {
  const { put, shown } = await world();
  const stranger = await world();
  const unknown = await put(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await put(stranger.ada)).text)).toBe(anonymous(unknown.text));
  expect((await put('ada')).status).toBe(400);
  expect((await shown()).version).toBe(1);
});

test('a deactivated member is refused, unless already there', async () => {
  const { tenant, ada, put, shown } = await world();
  const gone = await addMember(api, tenant, { name: 'Gone', status: 'deactivated' });
  expect(await put(gone)).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
  await put(ada);
  await api.database.admin.query(`update members set status = 'deactivated' where id = $1`, [ada]);
  expect((await put(ada, 'watcher')).status).toBe(204);
  expect((await shown()).assignees).toMatchObject([{ id: ada, role: 'watcher' }]);
});

test('one who is being deactivated is waited for', async () => {
  const { ada, put } = await world();
  const { admin } = api.database;
  const [reply] = await inTurn(api, ['select from members where id = $1 for no key update', [ada]], [() => put(ada)]);
  expect(reply?.status).toBe(204);
  expect((await admin.query('select from assignees where member_id = $1', [ada])).rowCount).toBe(1);
});

test.each([[{ role: 'boss' }], [{ role: null }], [{ role: 'owner', more: 1 }]])('refuses %j', async (body) => {
  const { tenant, ada, path } = await world();
  const reply = await tenant.call(`${path}/assignees/${ada}`, { method: 'PUT', body });
  expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
});

test('a viewer may not', async () => {
  const { tenant, ada, path } = await world();
  const reply = await tenant.call(`${path}/assignees/${ada}`, { method: 'PUT', body: {}, role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
