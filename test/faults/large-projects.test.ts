import { expect, test, vi } from 'vitest';
import { type TestTenant, useApi } from '../support/api.ts';
import { storedRows } from '../support/stored.ts';

/* Projects with more tasks than one batch purges, and with long texts. */

vi.setConfig({ testTimeout: 60_000 });

const api = useApi();
const path = (id: string) => `/api/v1/projects/${id}`;
const trips = ({ headers }: { headers: Headers }) =>
  Number(/desc="(\d+) /.exec(headers.get('Server-Timing') ?? '')?.[1]);

/** A project with a first task and so many below it, past the API; each with a tag. */
async function makeProject(tenant: TestTenant, tasks: number) {
  const { json } = await tenant.post('/api/v1/projects', { name: 'Large', tasks: [{ title: 'first', tags: ['t'] }] });
  await api.database.admin.query(
    `with made as (
       insert into tasks (tenant_id, project_id, parent_id, title, description, position)
       select $1, $2, $3, 'task ' || n, 'marker', n from generate_series(2, $4::integer) as n returning tenant_id, id
     ) insert into task_tags select tenant_id, id, $5 from made`,
    [tenant.id, json.id, json.tasks[0].id, tasks, json.tasks[0].tags[0].id],
  );
  return { id: json.id as string, first: json.tasks[0].id as string };
}

const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

const left = async (tenant: TestTenant) => {
  const { rows } = await api.database.admin.query('select count(*)::int from tasks where tenant_id = $1', [tenant.id]);
  return rows[0].count;
};

// Statistics of tables that are nearly empty, and of a tree that is all below one task: autovacuum comes by at either moment.
test.each([
  ['projects', 'before'],
  ['tasks', 'after'],
])('%s: more tasks than one batch purges go in several, analyzed %s they were made', async (resource, analyzed) => {
  const tenant = await api.tenant();
  if (analyzed === 'before') await api.database.admin.query('analyze');
  const { id, first } = await makeProject(tenant, 2100);
  if (analyzed === 'after') await api.database.admin.query('analyze');
  const doomed = `/api/v1/${resource}/${resource === 'projects' ? id : first}`;
  const etag = (await tenant.get(doomed)).headers.get('ETag') ?? '';
  expect((await tenant.call(doomed, { method: 'DELETE', headers: { 'If-Match': etag } })).status).toBe(204);
  const stale = await tenant.post(`${doomed}/purge`, undefined, { headers: { 'If-Match': etag } });
  expect(stale).toMatchObject({ status: 412, json: { current_version: 2 } });
  expect(await left(tenant)).toBe(2100);
  const headers = { 'If-Match': '"2.x"', 'Idempotency-Key': 'purge' };
  const purged = await tenant.post(`${doomed}/purge`, undefined, { headers });
  expect(purged.status).toBe(204);
  expect(trips(purged)).toBeGreaterThan(2);
  expect(await left(tenant)).toBe(0);
  const { rows } = await api.database.admin.query(
    `select count(*) filter (where action = 'purge')::int as purged, count(*) filter (where changes <> '{}')::int as kept
     from audit_log where tenant_id = $1 and resource_type = 'task'`,
    [tenant.id],
  );
  expect(rows[0]).toEqual({ purged: 2100, kept: 0 });
  const replay = await tenant.post(`${doomed}/purge`, undefined, { headers });
  expect(replay.headers.get('Idempotency-Replayed')).toBe('true');
});

test('tasks that block more others than one batch takes off go in several, and change none of these', async () => {
  const tenant = await api.tenant();
  const [{ id }, others] = [await makeProject(tenant, 4), await makeProject(tenant, 5500)];
  const { admin } = api.database;
  await admin.query('set session_replication_role = replica');
  await admin.query(
    `insert into dependencies (tenant_id, task_id, blocker_id)
     select $1, blocked.id, blocker.id from tasks as blocked, tasks as blocker
     where blocked.project_id = $2 and blocker.project_id = $3`,
    [tenant.id, others.id, id],
  );
  await admin.query('update tasks set has_blockers = true where project_id = $1', [others.id]);
  await admin.query('set session_replication_role = origin');
  await tenant.call(path(id), { method: 'DELETE' });
  const rows = async () =>
    (await admin.query('select id, version, updated_at from tasks where project_id = $1 order by id', [others.id]))
      .rows;
  const before = await rows();
  const purged = await tenant.post(`${path(id)}/purge`, undefined);
  expect(purged.status).toBe(204);
  expect(trips(purged)).toBeGreaterThan(2);
  expect(await rows()).toEqual(before);
  const { rows: log } = await admin.query(
    `select count(*)::int from audit_log where tenant_id = $1 and resource_type = 'dependency' and action = 'delete'`,
    [tenant.id],
  );
  expect(log[0].count).toBe(4 * 5500);
  expect((await tenant.get(`/api/v1/tasks?blocked=true&project_id=${others.id}`)).json.data).toEqual([]);
});

test.for(['a chain', 'a star'])(
  '2 100 tasks whose dependencies are %s are purged in batches',
  { tags: ['release'] },
  async (shape) => {
    const tenant = await api.tenant();
    const { id, first } = await makeProject(tenant, 2100);
    const { admin } = api.database;
    await admin.query('set session_replication_role = replica');
    await admin.query(
      `insert into dependencies (tenant_id, task_id, blocker_id)
     select $1, id, case when $3 then $4 else before end
     from (select id, lag(id) over (order by position, id) as before from tasks where project_id = $2) as tasks
     where before is not null and id <> $4`,
      [tenant.id, id, shape === 'a star', first],
    );
    await admin.query('update tasks set has_blockers = true where project_id = $1', [id]);
    await admin.query('set session_replication_role = origin');
    const dependencies = async () =>
      (await admin.query('select count(*)::int from dependencies where tenant_id = $1', [tenant.id])).rows[0].count;
    expect(await dependencies()).toBe(2099);
    expect((await tenant.call(path(id), { method: 'DELETE' })).status).toBe(204);
    expect((await tenant.post(`${path(id)}/restore`, undefined)).status).toBe(200);
    expect(await dependencies()).toBe(2099);
    await tenant.call(path(id), { method: 'DELETE' });
    const purged = await tenant.post(`${path(id)}/purge`, undefined);
    expect(purged.status).toBe(204);
    expect(trips(purged)).toBeGreaterThan(2);
    expect([await dependencies(), await left(tenant)]).toEqual([0, 0]);
  },
);

test.each(['projects', 'tasks'])('%s: more comments than one batch purges go in several', async (resource) => {
  const tenant = await api.tenant();
  const { id, first } = await makeProject(tenant, 3);
  const { admin } = api.database;
  await admin.query(
    `insert into comments (tenant_id, task_id, body) select $1, $2, 'marker ' || n from generate_series(1, 5000) as n`,
    [tenant.id, first],
  );
  const said = await tenant.post(`/api/v1/tasks/${first}/comments`, { body: 'marker' }, keyed('say'));
  expect(said.status).toBe(201);
  const doomed = `/api/v1/${resource}/${resource === 'projects' ? id : first}`;
  await tenant.call(doomed, { method: 'DELETE' });
  const purged = await tenant.post(`${doomed}/purge`, undefined);
  expect(purged.status).toBe(204);
  // The first try, the stored answers, the comments, the tasks, and the last batch: some of these find nothing at the end.
  expect(trips(purged)).toBeGreaterThan(6);
  expect(JSON.stringify(await storedRows(admin, tenant.id))).not.toContain('marker');
  expect((await tenant.post(`/api/v1/tasks/${first}/comments`, { body: 'marker' }, keyed('say'))).status).toBe(404);
});

test('comments that have been changed very often are purged in several batches too', async () => {
  const tenant = await api.tenant();
  const { id, first } = await makeProject(tenant, 2);
  const { admin } = api.database;
  await admin.query(`insert into comments (tenant_id, task_id, body) select $1, $2, 'x' from generate_series(1, 3)`, [
    tenant.id,
    first,
  ]);
  await admin.query(
    `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
     select tenant_id, 'update', 'comment', id, '{"body": ["marker", "marker"]}' from comments, generate_series(1, 15000)
     where tenant_id = $1`,
    [tenant.id],
  );
  await tenant.call(path(id), { method: 'DELETE' });
  const purged = await tenant.post(`${path(id)}/purge`, undefined);
  expect(purged.status).toBe(204);
  // Of three comments no two go in one batch.
  expect(trips(purged)).toBeGreaterThan(6);
  expect(JSON.stringify(await storedRows(admin, tenant.id))).not.toContain('marker');
});

test('what a purge has left, where it was cut off, can be purged and not restored', async () => {
  const tenant = await api.tenant();
  const { id } = await makeProject(tenant, 2100);
  await tenant.call(path(id), { method: 'DELETE' });
  const { admin } = api.database;
  // The second batch fails.
  await admin.query(`
    create sequence statements;
    create function fail_later() returns trigger language plpgsql as
    $$ begin if nextval('statements') > 1 then raise query_canceled; end if; return null; end $$;
    create trigger a_fail before delete on tasks for each statement execute function fail_later();
    grant usage on sequence statements to onetrip_app`);
  expect((await tenant.post(`${path(id)}/purge`, undefined)).status).toBe(504);
  await admin.query('drop trigger a_fail on tasks; drop function fail_later; drop sequence statements');
  expect(await left(tenant)).toBeLessThan(2100);
  expect(await tenant.post(`${path(id)}/restore`, undefined)).toMatchObject({
    status: 409,
    json: { code: 'conflict' },
  });
  expect((await tenant.get('/api/v1/trash')).json.data).toEqual([]);
  expect((await tenant.post(`${path(id)}/purge`, undefined)).status).toBe(204);
  expect(await left(tenant)).toBe(0);
});

test('to trash, restore and move tasks writes their words for searches no second time', async () => {
  const tenant = await api.tenant();
  const { id, first } = await makeProject(tenant, 20);
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Other' });
  const { admin } = api.database;
  const rows = async (table: string) =>
    (await admin.query(`select xmin::text, * from ${table} where tenant_id = $1 order by 2, 3`, [tenant.id])).rows;
  const before = await rows('task_search');
  expect(before).toHaveLength(20);
  await tenant.call(path(id), { method: 'DELETE' });
  await tenant.post(`${path(id)}/restore`, undefined);
  const moved = await tenant.call(`/api/v1/tasks/${first}`, { method: 'PATCH', body: { project_id: other.id } });
  expect(moved.status).toBe(200);
  expect(await rows('task_search')).toEqual(before);
  await tenant.call(`/api/v1/tasks/${first}`, { method: 'PATCH', body: { title: 'unheard' } });
  expect((await tenant.get('/api/v1/tasks?q=unheard')).json.data).toMatchObject([{ id: first }]);
  expect((await tenant.get('/api/v1/tasks?q=first')).json.data).toEqual([]);
});

test('a task comes last whatever the positions are', async () => {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
  const add = (body: object) => tenant.post(`${path(project.id)}/tasks`, body);
  for (const position of [1e15 + 1, -1e15 - 1, 2 ** 53]) {
    expect(await add({ title: 't', position })).toMatchObject({
      status: 400,
      json: { errors: [{ pointer: '/position' }] },
    });
  }
  await add({ title: 'largest', position: 1e15 });
  const { json: next } = await add({ title: 'next' });
  // As releases before let them be.
  await api.database.admin.query(`update tasks set position = 2 ^ 60 where id = $1`, [next.id]);
  for (const title of ['a', 'b', 'c']) await add({ title });
  const { json: from } = await tenant.post('/api/v1/projects', {
    name: 'Q',
    tasks: [{ title: 'd', subtasks: [{ title: 'e' }] }],
  });
  await tenant.call(`/api/v1/tasks/${from.tasks[0].id}`, { method: 'PATCH', body: { project_id: project.id } });
  const titles = (await tenant.get(`${path(project.id)}/tasks`)).json.data.map(({ title }: { title: string }) => title);
  expect(titles).toEqual(['largest', 'next', 'a', 'b', 'c', 'd', 'e']);
});

test.for([Number.MIN_VALUE, -Number.MIN_VALUE])('a task comes last after the position %d', async (position) => {
  const tenant = await api.tenant();
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'moved' }] });
  const tasks = `${path(project.id)}/tasks`;
  await tenant.post(tasks, { title: 'tiny', position });
  expect(await tenant.post(tasks, { title: 'new' })).toMatchObject({ status: 201 });
  const body = { project_id: project.id };
  await tenant.call(`/api/v1/tasks/${other.tasks[0].id}`, { method: 'PATCH', body });
  const titles = (await tenant.get(tasks)).json.data.map(({ title }: { title: string }) => title);
  expect(titles).toEqual(['tiny', 'new', 'moved']);
});
