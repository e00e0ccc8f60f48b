import { expect, test } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../support/api.ts';
import { meetingAt } from '../support/writes.ts';

/*
 * What only happens when two requests meet. They are made to meet: all wait for one row before any of them goes on.
 * Without the locks that src/db/sql/lock.ts takes, all but those of deleted tags and of idempotency keys fail.
 */

const api = useApi();

async function project(tenant: TestTenant, tasks: unknown[] = []) {
  return (await tenant.post('/api/v1/projects', { name: 'P', tasks })).json;
}

const patch = (tenant: TestTenant, path: string, body: unknown, headers = {}): Promise<Reply> =>
  tenant.call(`/api/v1/${path}`, { method: 'PATCH', body, headers });

const remove = (tenant: TestTenant, path: string): Promise<Reply> =>
  tenant.call(`/api/v1/${path}`, { method: 'DELETE' });

const meetingAtProject = <T>(id: string, start: () => Promise<T>[]) => meetingAt(api, { table: 'projects', id }, start);

test('of two patches of one set of tags one stands, and not their union', async () => {
  const tenant = await api.tenant();
  const { tasks } = await project(tenant, [{ title: 't', tags: ['old'] }]);
  const [one, two] = [['a', 'b'], ['c']];
  const replies = await meetingAt(api, { table: 'tasks', id: tasks[0].id }, () =>
    [one, two].map((tags) => patch(tenant, `tasks/${tasks[0].id}`, { tags })),
  );
  expect(replies.map(({ status }) => status)).toEqual([200, 200]);
  const { json } = await tenant.get(`/api/v1/tasks/${tasks[0].id}`);
  expect([one, two]).toContainEqual(json.tags.map(({ name }: { name: string }) => name));
});

test('a tag that is deleted while tasks are tagged with it costs nobody an error', async () => {
  const tenant = await api.tenant();
  const { tasks } = await project(tenant, [{ title: 'a' }, { title: 'b' }, { title: 'c' }]);
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'tag' });
  const add = ({ id }: { id: string }) => patch(tenant, `tasks/${id}`, { tags: { add: [tag.name] } });
  const [a, b, c] = tasks;
  const replies = await meetingAt(api, { table: 'tags', id: tag.id }, () => [
    add(a),
    remove(tenant, `tags/${tag.id}`),
    add(b),
    add(c),
  ]);
  for (const { status, text } of replies) expect([200, 204], text).toContain(status);
});

test('no task is added to a project that is being trashed', async () => {
  const tenant = await api.tenant();
  const { id } = await project(tenant);
  const add = () => tenant.post(`/api/v1/projects/${id}/tasks`, { title: 't' });
  const replies = await meetingAtProject(id, () => [add(), add(), remove(tenant, `projects/${id}`), add(), add()]);
  expect(replies[2]?.status).toBe(204);
  for (const { status } of replies) expect([201, 204, 404]).toContain(status);
  const { rows } = await api.database.admin.query('select from tasks where project_id = $1 and deleted_at is null', [
    id,
  ]);
  expect(rows).toHaveLength(0);
});

test('two opposite moves close no cycle, in one project and between two', async () => {
  const tenant = await api.tenant();
  const [p, q] = [await project(tenant, [{ title: 'a' }, { title: 'b' }]), await project(tenant, [{ title: 'c' }])];
  const [a, b] = p.tasks;
  const [c] = q.tasks;
  const same = await meetingAtProject(p.id, () => [
    patch(tenant, `tasks/${a.id}`, { parent_id: b.id }),
    patch(tenant, `tasks/${b.id}`, { parent_id: a.id }),
  ]);
  expect(same.map(({ status }) => status).sort()).toEqual([200, 409]);
  const across = await meetingAtProject(p.id, () => [
    patch(tenant, `tasks/${a.id}`, { parent_id: c.id, project_id: q.id }),
    patch(tenant, `tasks/${c.id}`, { parent_id: a.id, project_id: p.id }),
  ]);
  for (const { status } of across) expect([200, 409, 422]).toContain(status);
  const { rows } = await api.database.admin.query(
    `with recursive up as (
       select id, parent_id, 1 as steps from tasks where tenant_id = $1
       union all
       select up.id, tasks.parent_id, steps + 1 from up join tasks on tasks.id = up.parent_id where steps < 20
     ) select from up where steps = 20`,
    [tenant.id],
  );
  expect(rows).toHaveLength(0);
});

test('a move against a trash leaves no live task below a trashed one', async () => {
  const tenant = await api.tenant();
  const [p, q] = [await project(tenant, [{ title: 'a' }, { title: 'b' }]), await project(tenant, [{ title: 'c' }])];
  const [a, b] = p.tasks;
  const replies = await meetingAtProject(p.id, () => [
    patch(tenant, `tasks/${a.id}`, { parent_id: b.id }),
    remove(tenant, `tasks/${b.id}`),
    patch(tenant, `tasks/${q.tasks[0].id}`, { project_id: p.id }),
    remove(tenant, `projects/${p.id}`),
  ]);
  for (const { status } of replies) expect([200, 204, 404, 422]).toContain(status);
  const { rows } = await api.database.admin.query(
    `select from tasks join projects on projects.id = tasks.project_id left join tasks as parent on parent.id = tasks.parent_id
     where tasks.tenant_id = $1 and tasks.deleted_at is null
       and (projects.deleted_at is not null or parent.deleted_at is not null)`,
    [tenant.id],
  );
  expect(rows).toHaveLength(0);
});

test.each([
  ['of 50 writers with one version one succeeds', (n: number) => ({ title: `writer ${n}` })],
  ['also when what they write is the set of tags', (n: number) => ({ tags: [`tag ${n}`] })],
])('%s, with one new version in the audit log', async (_, body) => {
  const tenant = await api.tenant();
  const { tasks } = await project(tenant, [{ title: 't' }]);
  const path = `tasks/${tasks[0].id}`;
  const etag = (await tenant.get(`/api/v1/${path}`)).headers.get('ETag') ?? '';
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) => patch(tenant, path, body(n), { 'If-Match': etag })),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const { status, json } of replies) {
    if (status !== 200) expect([status, json.code, json.current_version]).toEqual([412, 'precondition_failed', 2]);
  }
  const { rows } = await api.database.admin.query(
    `select from audit_log where resource_id = $1 and (action = 'update' or resource_type = 'tagging')`,
    [tasks[0].id],
  );
  expect(rows).toHaveLength(1);
  expect((await tenant.get(`/api/v1/${path}`)).json.version).toBe(2);
});

test('of 50 duplicates with one idempotency key one is carried out', async () => {
  const tenant = await api.tenant();
  const { tasks } = await project(tenant, [{ title: 't' }]);
  const headers = { 'Idempotency-Key': 'k' };
  const replies = await Promise.all(
    Array.from({ length: 50 }, () => patch(tenant, `tasks/${tasks[0].id}`, { title: 'new' }, headers)),
  );
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(replies.filter(({ headers }) => !headers.get('Idempotency-Replayed'))).toHaveLength(1);
});
