import { expect, test, vi } from 'vitest';
import { type TestTenant, useApi } from '../../support/api.ts';
import { storedRows } from '../../support/stored.ts';
import { heedsIdempotencyKey, heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();
const sql = (text: string, values: unknown[] = []) => api.database.admin.query(text, values);

async function make(): Promise<Write> {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada', status: 'deactivated' });
  const path = `/api/v1/members/${json.id}/purge`;
  return { tenant, table: 'members', id: json.id, method: 'POST', path };
}

heedsIfMatch(api, 204, make);
heedsIdempotencyKey(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.post(write.path, undefined);
  return write;
});

const deactivate = (tenant: TestTenant, id: string) =>
  tenant.call(`/api/v1/members/${id}`, { method: 'PATCH', body: { status: 'deactivated' } });
const purge = (tenant: TestTenant, id: string) => tenant.post(`/api/v1/members/${id}/purge`, undefined);
const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

/** Runs statements as somebody who has signed in. */
async function actingAs(tenant: TestTenant, actor: string, statements: string): Promise<void> {
  await sql('begin');
  await sql(`select set_config('app.tenant_id', $1, true), set_config('app.actor', $2, true)`, [tenant.id, actor]);
  await sql(statements);
  await sql('commit');
}

test('a member who is active is a conflict', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada' });
  expect(await purge(tenant, json.id)).toMatchObject({ status: 409, json: { code: 'conflict' } });
  await deactivate(tenant, json.id);
  for (const role of ['viewer', 'member'] as const) {
    expect((await tenant.post(`/api/v1/members/${json.id}/purge`, undefined, { role })).status).toBe(403);
  }
  expect(await purge(tenant, json.id)).toMatchObject({ status: 204, text: '' });
  expect((await tenant.get(`/api/v1/members/${json.id}`)).status).toBe(404);
});

const SUBJECT = 'marker|"1"\\';

/** Everything that one person can leave behind, made by that person or by another. Every text of the person has `marker` in it. */
async function life() {
  const tenant = await api.tenant();
  const token = await tenant.token('admin', SUBJECT);
  const asAda = (method: string, path: string, body?: unknown, more = {}) =>
    api.call(`/api/v1${path}`, { token, method, ...(body === undefined ? {} : { body }), ...more });
  const ofMember = { name: 'Marker first', email: 'first@marker.example', subject: SUBJECT };
  const { json: member } = await tenant.post('/api/v1/members', ofMember, keyed('member'));
  const memberPath = `/api/v1/members/${member.id}`;
  await asAda('PUT', '/me', { name: 'Marker "second" \\ (x', email: 'second@marker.example' });
  await tenant.call(memberPath, { method: 'PATCH', body: { name: 'Marker third' }, ...keyed('rename') });
  await tenant.call(memberPath, { method: 'PATCH', body: { name: 'Marker "second" \\ (x' } });

  const body = { name: 'P', tasks: [{ title: 'a', tags: ['t'], subtasks: [{ title: 'b' }] }, { title: 'c' }] };
  const { json: project } = await asAda('POST', '/projects', body, keyed('project'));
  const [task, , trashedTask] = project.tasks;
  await asAda('POST', `/projects/${project.id}/tasks`, { title: 'd' }, keyed('task'));
  await asAda('PATCH', `/tasks/${task.id}`, { priority: 3 }, keyed('patch'));
  await asAda('DELETE', `/projects/${project.id}`);
  await tenant.post(`/api/v1/projects/${project.id}/restore`, undefined, keyed('restore'));
  await asAda('DELETE', `/tasks/${trashedTask.id}`);
  const { json: trashed } = await asAda('POST', '/projects', { name: 'Q', tasks: [{ title: 'e' }] });
  await asAda('DELETE', `/projects/${trashed.id}`);
  await asAda('POST', '/tags', { name: 'u' }, keyed('tag'));
  const { json: own } = await asAda('POST', '/api-keys', { name: 'Marker', member_id: member.id }, keyed('key'));
  const { json: other } = await asAda('POST', '/api-keys', { name: 'k' }, keyed('other key'));

  await actingAs(
    tenant,
    SUBJECT,
    `insert into assignees (tenant_id, task_id, member_id, role) values ('${tenant.id}', '${task.id}', '${member.id}', 'owner');
     insert into comments (tenant_id, task_id, author_id, body) values ('${tenant.id}', '${task.id}', '${member.id}', 'mine')`,
  );
  await actingAs(
    tenant,
    'tester',
    `with comment as (
       insert into comments (tenant_id, task_id, body) values ('${tenant.id}', '${task.id}', 'for @[${member.id}]') returning id)
     insert into comment_mentions (tenant_id, comment_id, member_id, n)
     select '${tenant.id}', id, '${member.id}', 1 from comment`,
  );
  // Its stored answer shows who made the task, and who is assigned.
  const patch = { method: 'PATCH', body: { priority: 4 }, ...keyed('by another') };
  const { json: shown } = await tenant.call(`/api/v1/tasks/${task.id}`, patch);
  expect(shown.assignees).toMatchObject([{ name: 'Marker "second" \\ (x' }]);
  await storeComments(tenant, member.id);
  return { tenant, token, asAda, member, project, task, trashedTask, trashed, own, other, body };
}

/** Answers as the endpoints of comments store them. */
async function storeComments(tenant: TestTenant, member: string): Promise<void> {
  const somebody = '{"id":"01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b","name":"Somebody, \\"else\\""}';
  const marker = `{"id":"${member}","name":"Marker \\"second\\" \\\\ (x"}`;
  const subject = JSON.stringify(SUBJECT);
  const answers = [
    ['mine', marker, subject, ''],
    ['mentioning', somebody, '"else"', [somebody, marker]],
    ['mentioning first', somebody, '"else"', [marker, somebody]],
    ['mentioning alone', 'null', 'null', [marker]],
  ];
  for (const [key, author, actor, mentions] of answers) {
    await sql(`insert into idempotency_keys (tenant_id, key, request_hash) values ($1, $2, 'x')`, [tenant.id, key]);
    const body = `{"id":"01976d5c-7b1e-7c3a-9f00-000000000000","author":${author},"actor":${actor},"body":"x","mentions":[${mentions}]}`;
    await sql(`update idempotency_keys set status = 201, body = $3 where tenant_id = $1 and key = $2`, [
      ...[tenant.id, key, body],
    ]);
  }
}

/** The tables, search tables among them, in which the person still stands, with how many rows. */
async function tracesOf(tenant: TestTenant): Promise<Record<string, number>> {
  const rows = Object.entries(await storedRows(api.database.admin, tenant.id));
  const found = rows.map(([table, all]) => [table, all.filter((row) => /marker/i.test(row)).length] as const);
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

test('nothing of the person is left anywhere', async () => {
  const { tenant, member, project, task, trashedTask, trashed, own, other, body } = await life();
  const traces = await tracesOf(tenant);
  expect(Object.keys(traces)).toEqual([
    ...['api_keys', 'audit_log', 'comments', 'idempotency_keys', 'member_search', 'members', 'projects', 'tasks'],
  ]);
  const shownBefore = await tenant.get(`/api/v1/projects/${project.id}`);
  const versionsBefore = await versions();
  await deactivate(tenant, member.id);
  expect(await purge(tenant, member.id)).toMatchObject({ status: 204, text: '' });
  expect(await tracesOf(tenant)).toEqual({});

  // Where it says who, it says so by the id.
  const who = `member:${member.id}`;
  const { json: shown } = await tenant.get(`/api/v1/projects/${project.id}`);
  expect(shown).toMatchObject({ created_by: who, version: shownBefore.json.version });
  expect(shown.tasks.map((one: { created_by: string }) => one.created_by)).toEqual(shown.tasks.map(() => who));
  const trash = (await tenant.get('/api/v1/trash')).json.data;
  expect(trash.map((one: { id: string; deleted_by: string }) => [one.id, one.deleted_by])).toEqual([
    [trashed.id, who],
    [trashedTask.id, who],
  ]);
  expect((await tenant.get('/api/v1/api-keys')).json.data).toMatchObject([{ id: other.id, created_by: who }]);
  expect((await history(tenant, project.id)).map(({ action, actor, changes }) => [action, actor, changes])).toEqual([
    ['insert', who, expect.objectContaining({ created_by: [null, who], name: [null, 'P'] })],
    ['trash', who, expect.objectContaining({ deleted_by: [null, who] })],
    ['restore', 'tester', expect.objectContaining({ deleted_by: [who, null] })],
  ]);
  expect((await history(tenant, member.id)).map(({ action, changes }) => [action, changes]).at(-1)).toEqual([
    ...['purge', {}],
  ]);

  // What the person was assigned, said and was mentioned in.
  expect(shown.tasks[0]).toMatchObject({ assignees: [], comment_count: 2 });
  const { rows: comments } = await sql('select author_id, actor, body from comments where tenant_id = $1 order by id', [
    tenant.id,
  ]);
  expect(comments).toEqual([
    { author_id: null, actor: who, body: 'mine' },
    { author_id: null, actor: 'tester', body: `for @[${member.id}]` },
  ]);
  const { rows: mentions } = await sql('select from comment_mentions where tenant_id = $1', [tenant.id]);
  expect(mentions).toEqual([]);

  // Assignments count in a task's version, and nothing else of this does.
  const versionsAfter = await versions();
  expect(versionsAfter).toEqual({ ...versionsBefore, [task.id]: (versionsBefore[task.id] ?? 0) + 1 });

  // What the person's keys could do.
  expect((await api.call('/api/v1/tenant', { token: own.key })).status).toBe(401);
  expect((await api.call('/api/v1/tenant', { token: other.key })).status).toBe(200);

  // What somebody made is given back as before, but for the name; the member and its key are not.
  const again = await tenant.post('/api/v1/projects', body, keyed('project'));
  expect(again).toMatchObject({
    status: 201,
    json: { id: project.id, created_by: who, tasks: [{ created_by: who }, {}, {}] },
  });
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  const patched = await tenant.call(`/api/v1/tasks/${task.id}`, {
    ...{ method: 'PATCH', body: { priority: 4 } },
    ...keyed('by another'),
  });
  expect(patched).toMatchObject({ status: 200, json: { priority: 4, created_by: who, assignees: [] } });
  const key = await tenant.post('/api/v1/api-keys', { name: 'Marker', member_id: member.id }, keyed('key'));
  expect(key.status).toBe(404);
  const { rows: stored } = await sql(
    `select key, body::json from idempotency_keys where tenant_id = $1 and key ~ '^m' order by key`,
    [tenant.id],
  );
  const somebody = { id: '01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b', name: 'Somebody, "else"' };
  expect(stored).toMatchObject([
    { key: 'member', body: null },
    { key: 'mentioning', body: { author: somebody, mentions: [somebody] } },
    { key: 'mentioning alone', body: { author: null, mentions: [] } },
    { key: 'mentioning first', body: { author: somebody, mentions: [somebody] } },
    { key: 'mine', body: { author: null, actor: who, mentions: [] } },
  ]);

  async function versions(): Promise<Record<string, number>> {
    const { rows } = await sql(
      'select id, version from tasks where tenant_id = $1 union all select id, version from projects where tenant_id = $1',
      [tenant.id],
    );
    return Object.fromEntries(rows.map(({ id, version }) => [id, version]));
  }
});

test('whoever signs in again with the same subject is a stranger', async () => {
  const { tenant, asAda, member, project } = await life();
  await deactivate(tenant, member.id);
  expect(await asAda('GET', '/me')).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  await purge(tenant, member.id);
  expect((await asAda('GET', '/me')).json).toMatchObject({ subject: SUBJECT, member: null });
  const { status, json } = await asAda('PUT', '/me', { name: 'New' });
  expect(status).toBe(201);
  expect(json.id).not.toBe(member.id);
  expect((await tenant.get(`/api/v1/projects/${project.id}`)).json.created_by).toBe(`member:${member.id}`);
});

test('what others have with the same words, and another tenant’s member with the same subject, stays', async () => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  await tenant.post('/api/v1/members', { name: 'Ada', subject: 'Ada' });
  await other.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  for (const one of [tenant, other]) {
    for (const [n, subject] of ['ada', 'Ada', 'ad', 'ada '].entries()) {
      const body = { name: 'ada', description: '"created_by":"ada"' };
      const token = await one.token('member', subject);
      await api.call('/api/v1/projects', { method: 'POST', body, token, ...keyed(`${n}`) });
    }
  }
  const before = await storedRows(api.database.admin, other.id);
  await deactivate(tenant, member.id);
  await purge(tenant, member.id);
  expect(await storedRows(api.database.admin, other.id)).toEqual(before);
  const { json } = await tenant.get('/api/v1/projects?sort=created_at');
  expect(json.data.map((one: { created_by: string }) => one.created_by)).toEqual([
    ...[`member:${member.id}`, 'Ada', 'ad', 'ada '],
  ]);
  expect(json.data[0]).toMatchObject({ name: 'ada', description: '"created_by":"ada"' });
  const { rows } = await sql('select key, body::json as body from idempotency_keys where tenant_id = $1', [tenant.id]);
  for (const { body } of rows) expect(body.description).toBe('"created_by":"ada"');
});

test('more than one batch takes is erased in several', async () => {
  const tenant = await api.tenant();
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Marker', subject: SUBJECT });
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
  await actingAs(
    tenant,
    SUBJECT,
    `insert into tasks (tenant_id, project_id, title, position)
     select '${tenant.id}', '${project.id}', 'task', n from generate_series(1, 1500) as n;
     insert into assignees (tenant_id, task_id, member_id)
     select tenant_id, id, '${member.id}' from tasks where tenant_id = '${tenant.id}' order by id limit 1200;
     insert into comments (tenant_id, task_id, author_id, body)
     select tenant_id, id, '${member.id}', 'x' from tasks where tenant_id = '${tenant.id}' order by id limit 1200`,
  );
  const token = await tenant.token('member', SUBJECT);
  for (let n = 0; n < 15; n++) {
    await api.call('/api/v1/projects', { method: 'POST', token, body: { name: `p ${n}` }, ...keyed(`${n}`) });
  }
  const { json } = await deactivate(tenant, member.id);
  const reply = await tenant.post(`/api/v1/members/${member.id}/purge`, undefined, {
    headers: { 'If-Match': `"${json.version}.x"`, 'Idempotency-Key': 'purge' },
  });
  expect(reply.status, reply.text).toBe(204);
  expect(Number(/desc="(\d+)/.exec(reply.headers.get('Server-Timing') ?? '')?.[1])).toBeGreaterThan(5);
  expect(await tracesOf(tenant)).toEqual({});
  const { rows } = await sql(
    `select count(*) filter (where created_by = $2)::integer as made, count(*)::integer as n from tasks where tenant_id = $1`,
    [tenant.id, `member:${member.id}`],
  );
  expect(rows).toEqual([{ made: 1500, n: 1500 }]);
}, 60_000);

test('stored answers as large as can be are erased a few at a time', async () => {
  const tenant = await api.tenant();
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Marker', subject: SUBJECT });
  const actor = JSON.stringify(SUBJECT);
  const assignee = `{"id":"${member.id}","name":"Marker","role":"owner","assigned_at":"2026-03-01T09:30:00.000Z"}`;
  const task = `{"id":"01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b","description":"${'lorem '.repeat(1000)}","created_by":${actor},"assignees":[${assignee}]}`;
  const body = `{"id":"01976d5c-7b1e-7c3a-9f00-000000000000","created_by":${actor},"tasks":[${Array(1000).fill(task)}]}`;
  for (const key of ['a', 'b', 'c', 'd']) {
    await sql(`insert into idempotency_keys (tenant_id, key, request_hash) values ($1, $2, 'x')`, [tenant.id, key]);
    await sql('update idempotency_keys set status = 201, body = $3 where tenant_id = $1 and key = $2', [
      ...[tenant.id, key, body],
    ]);
  }
  await deactivate(tenant, member.id);
  const reply = await purge(tenant, member.id);
  expect(reply.status, reply.text).toBe(204);
  expect(Number(/desc="(\d+)/.exec(reply.headers.get('Server-Timing') ?? '')?.[1])).toBe(6);
  expect(await tracesOf(tenant)).toEqual({});
  const { rows } = await sql(
    `select distinct body::json -> 'tasks' -> 999 ->> 'created_by' as who, body::json #>> '{tasks,0,assignees}' as assignees
     from idempotency_keys where tenant_id = $1`,
    [tenant.id],
  );
  expect(rows).toEqual([{ who: `member:${member.id}`, assignees: '[]' }]);
}, 60_000);

test('whoever restores meanwhile what the person has trashed leaves no name in the log', async () => {
  const tenant = await api.tenant();
  const { json: member } = await tenant.post('/api/v1/members', { name: 'Marker', subject: SUBJECT });
  const { json: project } = await tenant.post('/api/v1/projects', { name: 'P' });
  const path = `/api/v1/projects/${project.id}`;
  await api.call(path, { method: 'DELETE', token: await tenant.token('member', SUBJECT) });
  await deactivate(tenant, member.id);
  const restoring = await api.database.connect(tenant.id);
  try {
    await restoring.query('begin');
    await restoring.query(`select set_tenant_context($1, 'other', 'r', 'member')`, [tenant.id]);
    await restoring.query(
      'update projects set deleted_at = null, deleted_by = null, trash_id = null where tenant_id = $1 and id = $2',
      [tenant.id, project.id],
    );
    const purging = purge(tenant, member.id);
    await vi.waitFor(async () => {
      const { rows } = await sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(rows).toHaveLength(1);
    }, 10_000);
    await restoring.query('commit');
    expect((await purging).status).toBe(204);
  } finally {
    await restoring.end();
  }
  expect((await history(tenant, project.id)).at(-1)).toMatchObject({
    action: 'restore',
    changes: { deleted_by: [`member:${member.id}`, null] },
  });
  expect(await tracesOf(tenant)).toEqual({});
});
