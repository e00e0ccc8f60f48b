import { expect, inject, test } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../../support/api.ts';
import { untilFinal } from '../../support/changes.ts';
import { describeCursors } from './cursors.ts';
import { describePlans } from './plans.ts';
import { type Change, now, patch, path, read, remove } from './reading.ts';
import { describeLoad } from './under-load.ts';
import { describeWalls } from './walls.ts';

/** Where transactions of other test files run, each change would wait for them. */
const api = useApi({ ownCluster: true });

/** A tenant with some of everything. */
async function world() {
  const tenant = await api.tenant();
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  const { json: project } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'a', tags: ['red'], assignees: [{ member_id: member.id }], subtasks: [{ title: 'b' }] },
      { title: 'c' },
    ],
  });
  const [a, b, c] = project.tasks as { id: string; tags: { id: string }[] }[];
  const comment = async (task: string | undefined, body = 'Hello') =>
    (await tenant.post(`/api/v1/tasks/${task}/comments`, { body: `${body} @[${member.id}]` })).json.id as string;
  const comments = [await comment(a?.id), await comment(b?.id)];
  return {
    tenant,
    project,
    member,
    a: a?.id ?? '',
    b: b?.id ?? '',
    c: c?.id ?? '',
    tag: a?.tags[0]?.id ?? '',
    comments,
    comment,
  };
}

/** `upsert task <id>`, sorted. */
const told = (changes: Change[]) => changes.map(({ type, id, action }) => `${action} ${type} ${id}`).sort();

/** What lists show, without what is counted from other rows: by `type id`. */
async function listed(tenant: TestTenant) {
  const rows: Record<string, unknown> = {};
  for (const type of ['project', 'task', 'tag', 'member', 'comment']) {
    const { json } = await tenant.get(`/api/v1/${type}s?limit=100`);
    for (const { task_count, comment_count, is_blocked, ...row } of json.data) rows[`${type} ${row.id}`] = row;
  }
  return rows;
}

test('without a cursor: all that exists, as lists show it, whatever the size of the pages', async () => {
  const { tenant, a, c } = await world();
  await remove(tenant, `tasks/${c}`);
  const rows = await listed(tenant);
  expect(Object.keys(rows)).toHaveLength(1 + 2 + 1 + 1 + 2);
  for (const limit of [1, 3, 100]) {
    const { changes } = await read(api, tenant, undefined, `limit=${limit}`);
    expect(Object.fromEntries(changes.map(({ type, id, resource }) => [`${type} ${id}`, resource]))).toEqual(rows);
    expect(changes).toHaveLength(Object.keys(rows).length);
    for (const { action, version, resource } of changes)
      expect([action, version]).toEqual(['upsert', resource?.version]);
    // What others refer to comes before them.
    expect([...new Set(changes.map(({ type }) => type))]).toEqual(['project', 'tag', 'member', 'task', 'comment']);
  }
  const task = (await read(api, tenant)).changes.find(({ id }) => id === a);
  expect(task).toMatchObject({ actor: 'tester', at: task?.resource?.updated_at });
});

test('a page: its form, its size, and a cursor also at the end, where it answers 304 until something changes', async () => {
  const { tenant, project } = await world();
  const first = await tenant.get(`${path}?limit=2`, { role: 'viewer' });
  expect(first.json).toEqual({
    data: [expect.anything(), expect.anything()],
    page: { limit: 2, has_more: true, next_cursor: expect.stringMatching(/^[A-Za-z0-9._-]+$/) },
  });
  expect(first.headers.get('Link')).toBe(`<${path}?limit=2&cursor=${first.json.page.next_cursor}>; rel="next"`);
  const { cursor } = await read(api, tenant);
  const end = await tenant.get(`${path}?cursor=${cursor}`);
  expect(end.json).toEqual({ data: [], page: { limit: 20, has_more: false, next_cursor: cursor } });
  expect(end.headers.get('Link')).toBeNull();
  const headers = { 'If-None-Match': end.headers.get('ETag') ?? '' };
  expect((await tenant.get(`${path}?cursor=${cursor}`, { headers })).status).toBe(304);
  await patch(tenant, `projects/${project.id}`, { name: 'Q' });
  await untilFinal(api.database, tenant.id);
  const changed = await tenant.get(`${path}?cursor=${cursor}`, { headers });
  expect(changed).toMatchObject({ status: 200, json: { data: [{ type: 'project', resource: { name: 'Q' } }] } });
});

test('what changes during the walk through all that exists comes after it', async () => {
  const { tenant, project, a, c, tag, comments } = await world();
  await untilFinal(api.database, tenant.id);
  const walked: Change[] = [];
  let cursor = '';
  const next = async () => {
    const { json } = await tenant.get(`${path}?limit=1${cursor}`);
    walked.push(...json.data);
    cursor = `&cursor=${json.page.next_cursor}`;
    return json.page.has_more;
  };
  // What has been shown is changed, and what has not been shown yet is, too.
  await next();
  await patch(tenant, `projects/${project.id}`, { name: 'Q' });
  await next();
  await remove(tenant, `tags/${tag}`);
  await remove(tenant, `tasks/${a}`);
  await untilFinal(api.database, tenant.id);
  while (await next());
  const copy = new Map(walked.map((change) => [`${change.type} ${change.id}`, change.resource]));
  expect(copy.get(`project ${project.id}`)).toMatchObject({ name: 'Q' });
  for (const key of [`tag ${tag}`, `task ${a}`, ...comments.map((id) => `comment ${id}`)])
    expect(copy.get(key)).toBeNull();
  expect(copy.get(`task ${c}`)).toMatchObject({ title: 'c' });
});

test('cursor=now: nothing of what is there, and all that changes from then on', async () => {
  const { tenant, a } = await world();
  await remove(tenant, `tasks/${a}`);
  await untilFinal(api.database, tenant.id);
  const { json } = await tenant.get(`${path}?cursor=now`);
  expect(json).toEqual({ data: [], page: { limit: 20, has_more: false, next_cursor: expect.any(String) } });
  expect((await read(api, tenant, json.page.next_cursor)).changes).toEqual([]);
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'new' });
  expect(told((await read(api, tenant, json.page.next_cursor)).changes)).toEqual([`upsert tag ${tag.id}`]);
});

test('a tenant without anything has a cursor, too', async () => {
  const tenant = await api.tenant();
  const { changes, cursor } = await read(api, tenant);
  expect(changes).toEqual([]);
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'first' });
  expect(told((await read(api, tenant, cursor)).changes)).toEqual([`upsert tag ${tag.id}`]);
});

type World = Awaited<ReturnType<typeof world>>;
const gone = (...of: string[]) => of.map((one) => `delete ${one}`);
const there = (...of: string[]) => of.map((one) => `upsert ${one}`);

test.each<[string, (w: World) => Promise<unknown>, (w: World) => string[]]>([
  [
    'a project is renamed',
    ({ tenant, project }) => patch(tenant, `projects/${project.id}`, { name: 'Q' }),
    (w) => there(`project ${w.project.id}`),
  ],
  [
    'a tag is renamed',
    ({ tenant, tag }) => patch(tenant, `tags/${tag}`, { name: 'blue' }),
    (w) => there(`tag ${w.tag}`),
  ],
  [
    'a tag is deleted, which its tasks had',
    ({ tenant, tag }) => remove(tenant, `tags/${tag}`),
    (w) => gone(`tag ${w.tag}`),
  ],
  [
    'a tag is put on a task',
    ({ tenant, c, tag }) => tenant.call(`/api/v1/tasks/${c}/tags/${tag}`, { method: 'PUT' }),
    (w) => there(`task ${w.c}`),
  ],
  [
    'somebody is assigned',
    ({ tenant, c, member }) =>
      tenant.call(`/api/v1/tasks/${c}/assignees/${member.id}`, { method: 'PUT', body: { role: 'owner' } }),
    (w) => there(`task ${w.c}`),
  ],
  [
    'a task is blocked',
    ({ tenant, c, a }) => tenant.call(`/api/v1/tasks/${c}/blockers/${a}`, { method: 'PUT' }),
    (w) => there(`task ${w.c}`),
  ],
  [
    'a member is changed',
    ({ tenant, member }) => patch(tenant, `members/${member.id}`, { name: 'Ada King' }),
    (w) => there(`member ${w.member.id}`),
  ],
  [
    'a comment is edited',
    ({ tenant, comments: [id] }) => patch(tenant, `comments/${id}`, { body: 'Bye' }),
    (w) => there(`comment ${w.comments[0]}`),
  ],
  [
    'a comment is deleted',
    ({ tenant, comments: [id] }) => remove(tenant, `comments/${id}`),
    (w) => gone(`comment ${w.comments[0]}`),
  ],
  [
    'a task goes to the trash, with its subtree and the comments',
    ({ tenant, a }) => remove(tenant, `tasks/${a}`),
    (w) => gone(`task ${w.a}`, `task ${w.b}`, ...w.comments.map((id) => `comment ${id}`)),
  ],
  [
    'a project goes to the trash, with all of its',
    ({ tenant, project }) => remove(tenant, `projects/${project.id}`),
    (w) =>
      gone(
        `project ${w.project.id}`,
        ...[w.a, w.b, w.c].map((id) => `task ${id}`),
        ...w.comments.map((id) => `comment ${id}`),
      ),
  ],
])('%s', async (_, change, expected) => {
  const w = await world();
  const cursor = await now(api, w.tenant);
  const reply = (await change(w)) as Reply;
  expect(reply.status, reply.text).toBeLessThan(300);
  const rows = await listed(w.tenant);
  for (const limit of [1, 2, 100]) {
    const { changes } = await read(api, w.tenant, cursor, `limit=${limit}`);
    // On small pages a resource may come twice.
    expect([...new Set(told(changes))]).toEqual(expected(w).sort());
    for (const { type, id, version, resource } of changes) {
      expect(resource).toEqual(rows[`${type} ${id}`] ?? null);
      expect(version).toBe(resource?.version ?? null);
    }
    if (limit === 100) expect(changes).toHaveLength(expected(w).length);
  }
});

test('restored: all of it comes back; moved, with its subtree; purged: gone, comments too', async () => {
  const { tenant, project, a, b, comments } = await world();
  await remove(tenant, `projects/${project.id}`);
  const trashed = await now(api, tenant);
  await tenant.post(`/api/v1/projects/${project.id}/restore`, undefined);
  const restored = await read(api, tenant, trashed, 'limit=3');
  const rows = await listed(tenant);
  expect(Object.fromEntries(restored.changes.map(({ type, id, resource }) => [`${type} ${id}`, resource]))).toEqual(
    Object.fromEntries(Object.entries(rows).filter(([name]) => !/^(tag|member)/.test(name))),
  );
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q' });
  const before = await now(api, tenant);
  await patch(tenant, `tasks/${a}`, { project_id: other.id });
  const moved = await read(api, tenant, before);
  expect(moved.changes.map(({ id, resource }) => [id, resource?.project_id]).sort()).toEqual(
    [a, b].map((id) => [id, other.id]).sort(),
  );
  await remove(tenant, `tasks/${a}`);
  const { cursor } = await read(api, tenant, moved.cursor);
  await tenant.post(`/api/v1/tasks/${a}/purge`, undefined);
  const purged = told((await read(api, tenant, cursor)).changes);
  expect(purged).toEqual(gone(...comments.map((id) => `comment ${id}`), `task ${a}`, `task ${b}`).sort());
});

test('many changes of one resource come once, in the newest state, by the last who made one', async () => {
  const { tenant, a, tag } = await world();
  const cursor = await now(api, tenant);
  for (const title of ['x', 'y', 'z']) await patch(tenant, `tasks/${a}`, { title });
  const token = await tenant.token('member', 'bob');
  await tenant.call(`/api/v1/tasks/${a}/tags/${tag}`, { method: 'DELETE', token });
  const { changes } = await read(api, tenant, cursor);
  expect(changes).toMatchObject([{ id: a, version: 5, actor: 'bob', resource: { title: 'z', tags: [] } }]);
});

test('type: only these, in whatever order they are named, and a cursor is good for them alone', async () => {
  const { tenant, project, member, a, comments } = await world();
  const { changes, cursor } = await read(api, tenant, undefined, 'type=comment,member');
  expect(told(changes)).toEqual(there(...comments.map((id) => `comment ${id}`), `member ${member.id}`).sort());
  await patch(tenant, `projects/${project.id}`, { name: 'Q' });
  await remove(tenant, `tasks/${a}`);
  const next = await read(api, tenant, cursor, 'type=member,comment');
  expect(told(next.changes)).toEqual(gone(...comments.map((id) => `comment ${id}`)).sort());
  const reply = await tenant.get(`${path}?type=member&cursor=${cursor}`);
  expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_cursor', errors: [{ pointer: '?cursor' }] } });
});

test('what a filter leaves out is not looked at again, however much it is', async () => {
  const { tenant, a } = await world();
  const cursor = await now(api, tenant, '&type=tag');
  await api.database.admin.query(
    `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
     select $1, 'update', 'task', $2, '{}' from generate_series(1, 10500)`,
    [tenant.id, a],
  );
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'late' });
  await untilFinal(api.database, tenant.id);
  const first = (await tenant.get(`${path}?type=tag&cursor=${cursor}`)).json;
  expect(first).toMatchObject({ data: [], page: { has_more: true } });
  const second = (await tenant.get(`${path}?type=tag&cursor=${first.page.next_cursor}`)).json;
  expect(second).toMatchObject({ data: [{ id: tag.id }], page: { has_more: false } });
});

test('a purged member is gone, and what was assigned to it changes', async () => {
  const { tenant, member, a } = await world();
  await patch(tenant, `members/${member.id}`, { status: 'deactivated' });
  const cursor = await now(api, tenant);
  await tenant.post(`/api/v1/members/${member.id}/purge`, undefined);
  const { changes } = await read(api, tenant, cursor);
  expect(told(changes)).toEqual([...gone(`member ${member.id}`), ...there(`task ${a}`)].sort());
  expect(JSON.stringify(changes)).not.toMatch(/Ada|"ada"/);
});

test('a batch that takes a tag off a task, and then deletes it, is told of both', async () => {
  const { tenant, tag, a, project } = await world();
  const { json: b } = await tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: 'd', tags: ['red'] });
  const cursor = await now(api, tenant);
  const operations = [
    { method: 'DELETE', path: `/api/v1/tasks/${a}/tags/${tag}` },
    { method: 'DELETE', path: `/api/v1/tags/${tag}` },
  ];
  expect((await tenant.post('/api/v1/batch', { operations })).status).toBe(200);
  await untilFinal(api.database, tenant.id);
  const { changes } = await read(api, tenant, cursor);
  expect(told(changes).toSorted()).toEqual([`delete tag ${tag}`, `upsert task ${a}`]);
  // It has lost the tag, too, and is as it was otherwise.
  expect((await tenant.get(`/api/v1/tasks/${b.id}`)).json).toMatchObject({ version: 1, tags: [] });
});

test.each([
  ['limit=0', '?limit', 'validation_failed'],
  ['limit=101', '?limit', 'validation_failed'],
  ['type=webhook', '?type', 'validation_failed'],
  ['type=task,task', '?type', 'validation_failed'],
  ['sort=at', '?sort', 'validation_failed'],
  ['cursor=Now', '?cursor', 'invalid_cursor'],
])('refuses %s', async (query, pointer, code) => {
  const tenant = await api.tenant();
  expect(await tenant.get(`${path}?${query}`)).toMatchObject({ status: 400, json: { code, errors: [{ pointer }] } });
});

describeCursors(api);
describeLoad(api);
// A test can look at statements on their way, and change them, in this tier alone.
if (inject('tier') === 'node') {
  describePlans(api);
  describeWalls(api);
}
