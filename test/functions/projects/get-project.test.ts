import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

async function projectOf(tasks: number) {
  const tenant = await api.tenant();
  const { json, headers } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: Array.from({ length: tasks }, (_, i) => ({ title: `t${i}`, tags: ['b', 'a'] })),
  });
  return { tenant, project: json, path: `/api/v1/projects/${json.id}`, etag: headers.get('ETag') ?? '' };
}

test('nests tasks in order, each with its tags by name, in one round trip', async () => {
  const { tenant, path } = await projectOf(3);
  const before = api.database.endpoint.requests;
  const { status, json, headers } = await tenant.get(path);
  expect(status).toBe(200);
  expect(api.database.endpoint.requests - before).toBe(1);
  expect(json.tasks.map(({ title }: { title: string }) => title)).toEqual(['t0', 't1', 't2']);
  expect(json.tasks[0].tags).toEqual([
    { id: expect.any(String), name: 'a', color: null },
    { id: expect.any(String), name: 'b', color: null },
  ]);
  expect(headers.get('Cache-Control')).toBe('private, no-cache');
  expect(headers.get('Vary')).toBe('Authorization, X-Tenant-Token');
});

test('task_limit cuts the tasks and tells where they go on', async () => {
  const { tenant, path } = await projectOf(5);
  const { json } = await tenant.get(`${path}?task_limit=2`);
  expect(json.tasks).toHaveLength(2);
  expect(json.task_count).toBe(5);
  expect(json.tasks_page).toEqual({
    limit: 2,
    has_more: true,
    next_cursor: expect.stringMatching(/^[A-Za-z0-9._-]+$/),
  });
  const none = await tenant.get(`${path}?task_limit=0`);
  expect(none.json.tasks).toEqual([]);
  expect(none.json.tasks_page).toMatchObject({ limit: 0, has_more: true, next_cursor: expect.any(String) });
  expect((await tenant.get(`${path}?task_limit=5`)).json.tasks_page).toEqual({
    limit: 5,
    has_more: false,
    next_cursor: null,
  });
});

test.each(['-1', '1001', '1.0', '1e2', '+5', ' 5', 'x', ''])('refuses task_limit=%j', async (limit) => {
  const { tenant, path } = await projectOf(0);
  const reply = await tenant.get(`${path}?task_limit=${encodeURIComponent(limit)}`);
  expect(reply).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer: '?task_limit' }] },
  });
});

test('answers 304 without a body to whoever has the current representation', async () => {
  const { tenant, path, etag } = await projectOf(1);
  expect(etag).toMatch(/^"1\.[0-9a-f]{32}"$/);
  for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const reply = await tenant.get(path, { headers: { 'If-None-Match': value } });
    expect(reply).toMatchObject({ status: 304, text: '' });
    expect(reply.headers.get('ETag')).toBe(etag);
  }
  for (const value of ['"x"', '"*"', 'nonsense', etag.replaceAll('"', '')]) {
    expect((await tenant.get(path, { headers: { 'If-None-Match': value } })).status).toBe(200);
  }
});

test('the ETag depends on what is shown, not on the token', async () => {
  const { tenant, path, etag } = await projectOf(2);
  expect((await tenant.get(path, { role: 'viewer' })).headers.get('ETag')).toBe(etag);
  expect((await tenant.get(`${path}?task_limit=1`)).headers.get('ETag')).not.toBe(etag);
  await tenant.post(`${path}/tasks`, { title: 'new' });
  const changed = (await tenant.get(path)).headers.get('ETag');
  expect(changed).not.toBe(etag);
  expect(changed).toMatch(/^"1\./);
});

test('what is unknown, trashed or another tenant’s is the same 404', async () => {
  const { tenant, project, path } = await projectOf(0);
  const stranger = await api.tenant();
  const unknown = await tenant.get(`/api/v1/projects/${UNKNOWN}`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await stranger.get(path)).text)).toBe(anonymous(unknown.text));
  await api.database.admin.query('update projects set deleted_at = now(), trash_id = uuidv7() where id = $1', [
    project.id,
  ]);
  expect(anonymous((await tenant.get(path)).text)).toBe(anonymous(unknown.text));
});

test('an id in upper case is the same id, one of another form is 400', async () => {
  const { tenant, project } = await projectOf(0);
  expect((await tenant.get(`/api/v1/projects/${project.id.toUpperCase()}`)).json.id).toBe(project.id);
  for (const id of ['1', project.id.replaceAll('-', ''), `{${project.id}}`, `${project.id}x`, '%ff']) {
    expect((await tenant.get(`/api/v1/projects/${encodeURIComponent(id)}`)).status, id).toBe(400);
  }
});

test('HEAD answers as GET without a body', async () => {
  const { tenant, path, etag } = await projectOf(1);
  const reply = await tenant.get(path, { method: 'HEAD' });
  expect(reply).toMatchObject({ status: 200, text: '' });
  expect(reply.headers.get('ETag')).toBe(etag);
});

test('an answer beyond 8 MiB is 422 and names the parameter to lower', async () => {
  const { tenant, project, path } = await projectOf(0);
  await api.database.admin.query(
    `insert into tasks (tenant_id, project_id, title, position, description)
     select $1, $2, 't', n, repeat('x', 10000) from generate_series(1, 900) as n`,
    [tenant.id, project.id],
  );
  const reply = await tenant.get(`${path}?task_limit=1000`);
  expect(reply).toMatchObject({ status: 422, json: { code: 'unprocessable', errors: [{ pointer: '?task_limit' }] } });
  expect((await tenant.get(`${path}?task_limit=500`)).status).toBe(200);
});
