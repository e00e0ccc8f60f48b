import { expect, test } from 'vitest';
import { purge } from '../../src/scheduled/purge.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { makeWorld } from '../support/examples.ts';
import { storedRows } from '../support/stored.ts';

const api = useApi();

async function project(tenant: TestTenant, name: string) {
  const tasks = [
    { title: `${name} a`, tags: ['t'], subtasks: [{ title: `${name} a1`, tags: ['t'] }] },
    { title: `${name} b` },
  ];
  return (await tenant.post('/api/v1/projects', { name, tasks })).json;
}

const trash = (tenant: TestTenant, path: string) => tenant.call(`/api/v1/${path}`, { method: 'DELETE' });

async function age(id: string, days: number): Promise<void> {
  for (const table of ['projects', 'tasks']) {
    await api.database.admin.query(
      `update ${table} set deleted_at = now() - make_interval(days => $2) where trash_id = $1`,
      [id, days],
    );
  }
}

const stored = async () => {
  const { rows } = await api.database.admin.query<{ name: string }>(
    'select name from projects union all select title from tasks order by 1',
  );
  return rows.map(({ name }) => name);
};

test('purges what has been in the trash for 30 days, of all tenants, and expired keys; nothing else', async () => {
  const [one, two] = [await api.tenant(), await api.tenant()];
  const old = await project(one, 'old');
  const recent = await project(one, 'recent');
  const live = await project(two, 'live');
  for (const { tasks } of [old, recent])
    await one.post(`/api/v1/tasks/${tasks[0].id}/comments`, { body: `on ${tasks[0].title}` });
  await two.post(`/api/v1/tasks/${live.tasks[2].id}/comments`, { body: 'on live b' });
  await trash(one, `projects/${old.id}`);
  await trash(one, `projects/${recent.id}`);
  await trash(two, `tasks/${live.tasks[0].id}`);
  await age(old.id, 31);
  await age(recent.id, 29);
  await age(live.tasks[0].id, 31);
  for (const key of ['expired', 'current'])
    await one.post('/api/v1/tags', { name: key }, { headers: { 'Idempotency-Key': key } });
  await api.database.admin.query(
    `update idempotency_keys set expires_at = now() - interval '1 minute' where key = 'expired'`,
  );

  await api.database.admin.query(
    `with made as (insert into webhooks (tenant_id, url, events) values ($1, 'https://example.com/', '{*}') returning *),
     delivered as (
       insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body, created_at)
       select tenant_id, id, 'webhook.test', 'webhook', id, '{}', now() - make_interval(days => days)
       from made, unnest('{31,29}'::integer[]) as days)
     insert into webhook_outbox (tenant_id, event, resource_type, resource_id, body, webhook_ids, created_at)
     select tenant_id, 'tag.created', 'tag', id, '{}', '{}', now() - make_interval(days => days)
     from made, unnest('{32,31,29}'::integer[]) as days`,
    [two.id],
  );

  const purged = {
    projects: 1,
    tasks: 5,
    comments: 1,
    idempotency_keys: 1,
    webhook_outbox: 2,
    webhook_deliveries: 1,
    tenants: 0,
  };
  expect(await purge(api.bindings)).toEqual(purged);
  expect(await stored()).toEqual(['live', 'live b', 'recent', 'recent a', 'recent a1', 'recent b']);
  const { rows: comments } = await api.database.admin.query('select body from comments order by 1');
  expect(comments).toEqual([{ body: 'on live b' }, { body: 'on recent a' }]);
  const { rows: keys } = await api.database.admin.query('select key from idempotency_keys');
  expect(keys).toEqual([{ key: 'current' }]);

  const { rows: log } = await api.database.admin.query(
    `select actor, resource_type, count(*)::int from audit_log
     where action = 'purge' or resource_type = 'comment' and action = 'delete' group by 1, 2 order by 2`,
  );
  expect(log).toEqual([
    { actor: 'janitor', resource_type: 'comment', count: 1 },
    { actor: 'janitor', resource_type: 'project', count: 1 },
    { actor: 'janitor', resource_type: 'task', count: 5 },
  ]);
  expect(await purge(api.bindings)).toEqual({
    projects: 0,
    tasks: 0,
    comments: 0,
    idempotency_keys: 0,
    webhook_outbox: 0,
    webhook_deliveries: 0,
    tenants: 0,
  });
});

test('large projects go in batches too, subtasks before their parents', async () => {
  const tenant = await api.tenant();
  const { id } = await project(tenant, 'large');
  await api.database.admin.query(
    `insert into tasks (tenant_id, project_id, parent_id, title, position)
     select $1, $2, (select id from tasks where project_id = $2 order by position limit 1), 'many', n from generate_series(1, 5000) as n`,
    [tenant.id, id],
  );
  await trash(tenant, `projects/${id}`);
  await age(id, 31);
  // In 30 days autovacuum would have done this.
  await api.database.admin.query('analyze');
  expect(await purge(api.bindings)).toEqual({
    projects: 1,
    tasks: 5003,
    comments: 0,
    idempotency_keys: 0,
    webhook_outbox: 0,
    webhook_deliveries: 0,
    tenants: 0,
  });
});

test('comments go before their tasks, in batches, with what the log says of them', async () => {
  const { admin } = api.database;
  const tenant = await api.tenant();
  const { id, tasks } = await project(tenant, 'talked about');
  await admin.query(
    `insert into comments (tenant_id, task_id, body) select $1, $2, 'marker ' || n from generate_series(1, 2500) as n`,
    [tenant.id, tasks[1].id],
  );
  await trash(tenant, `projects/${id}`);
  await age(id, 31);
  expect(await purge(api.bindings)).toMatchObject({ projects: 1, tasks: 3, comments: 2500 });
  expect(JSON.stringify(await storedRows(admin, tenant.id))).not.toContain('marker');
});

test('a task is left for the next run until all its comments are gone', async () => {
  const { admin } = api.database;
  const tenant = await api.tenant();
  const { id, tasks } = await project(tenant, 'talked about');
  await tenant.post(`/api/v1/tasks/${tasks[2].id}/comments`, { body: 'x' });
  await trash(tenant, `projects/${id}`);
  await age(id, 31);
  // As if this run had deleted as many as it may.
  await admin.query('revoke delete on comments from onetrip_janitor');
  await expect(purge(api.bindings)).rejects.toThrow();
  await admin.query('grant delete on comments to onetrip_janitor');
  expect(await stored()).toContain('talked about b');
  expect(await stored()).not.toContain('talked about a');
  expect(await purge(api.bindings)).toMatchObject({ projects: 1, tasks: 1, comments: 1 });
});

test('goes on in further batches where one is not enough', async () => {
  const tenant = await api.tenant();
  await api.database.admin.query(
    `insert into projects (tenant_id, id, name, deleted_at, trash_id)
     select $1, id, 'many', now() - interval '40 days', id from (select uuidv7() as id from generate_series(1, 1100)) as ids`,
    [tenant.id],
  );
  expect(await purge(api.bindings)).toMatchObject({ projects: 1100 });
});

test('needs a role of its own', async () => {
  const { JANITOR_DATABASE_URL: _, ...bindings } = api.bindings;
  await expect(purge(bindings)).rejects.toThrow('JANITOR_DATABASE_URL');
  const worker = { ...bindings, JANITOR_DATABASE_URL: bindings.DATABASE_URL };
  await expect(purge(worker)).rejects.toMatchObject({ failure: { kind: 'unavailable' } });
});

test('a tenant that is being deleted goes with all that is its own, in batches, and no other does', async () => {
  const { admin } = api.database;
  const [{ tenant: doomed }, { tenant: other }] = [await makeWorld(api), await makeWorld(api)];
  for (const tenant of [doomed, other]) {
    await project(tenant, 'mine');
    await tenant.post('/api/v1/tags', { name: 'keyed' }, { headers: { 'Idempotency-Key': 'key' } });
  }
  await admin.query(
    `insert into tasks (tenant_id, project_id, title, position)
     select tenant_id, id, 'many', n from projects, generate_series(1, 1500) as n where tenant_id = $1`,
    [doomed.id],
  );
  await admin.query(
    `insert into comments (tenant_id, task_id, body)
     select tenant_id, id, 'many' from tasks, generate_series(1, 1500) where tenant_id = $1 and title = 'Sketch'`,
    [doomed.id],
  );
  await admin.query(`insert into members (tenant_id, name) select $1, 'many' from generate_series(1, 1500)`, [
    doomed.id,
  ]);
  const { json: tags } = await doomed.get('/api/v1/tags?q=t');
  await doomed.call(`/api/v1/tags/${tags.data[0].id}`, { method: 'PATCH', body: { name: 'renamed' } });
  await doomed.setStatus('suspended');
  await api.platform(`/api/v1/tenants/${doomed.id}`, { method: 'DELETE' });
  const before = await storedRows(admin, other.id);
  for (const [table, rows] of Object.entries(await storedRows(admin, doomed.id))) {
    expect(rows, `this test must give the tenant a row in ${table}`).not.toEqual([]);
  }
  expect(await purge(api.bindings)).toMatchObject({ tenants: 1 });
  for (const [table, rows] of Object.entries(await storedRows(admin, doomed.id))) expect(rows, table).toEqual([]);
  expect(await storedRows(admin, other.id)).toEqual(before);
  const patch = { method: 'PATCH', body: { name: 'x' } };
  expect((await api.platform(`/api/v1/tenants/${doomed.id}`, patch)).status).toBe(404);
  expect((await doomed.get('/api/v1/projects')).status).toBe(403);
});

test('what is due cannot be restored any more, for some of it may be gone', async () => {
  const tenant = await api.tenant();
  const { id, tasks } = await project(tenant, 'due');
  const conflict = { status: 409, json: { code: 'conflict' } };
  await trash(tenant, `tasks/${tasks[0].id}`);
  await age(tasks[0].id, 31);
  expect(await tenant.post(`/api/v1/tasks/${tasks[0].id}/restore`, undefined)).toMatchObject(conflict);
  await trash(tenant, `projects/${id}`);
  await age(id, 31);
  expect(await tenant.post(`/api/v1/projects/${id}/restore`, undefined)).toMatchObject(conflict);
  expect((await tenant.post(`/api/v1/projects/${id}/purge`, undefined)).status).toBe(204);
});
