import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

async function project(tasks: unknown[] = []) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  return { tenant, project: json, path: `/api/v1/projects/${json.id}/tasks` };
}

test('comes after the last task, with its defaults', async () => {
  const { tenant, project: p, path } = await project([{ title: 'a' }, { title: 'b' }]);
  const { status, json, headers } = await tenant.post(path, { title: '  c  ' });
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    project_id: p.id,
    parent_id: null,
    title: 'c',
    description: null,
    status: 'pending',
    priority: 0,
    due_on: null,
    position: 3,
    metadata: {},
    completed_at: null,
    version: 1,
    created_by: 'tester',
    created_at: expect.any(String),
    updated_at: json.created_at,
    tags: [],
    assignees: [],
    is_blocked: false,
    comment_count: 0,
    project: { id: p.id, name: 'P' },
  });
  expect(headers.get('Location')).toBe(`/api/v1/tasks/${json.id}`);
  expect(headers.get('ETag')).toMatch(/^"1\.[0-9a-f]{32}"$/);
  const { json: shown } = await tenant.get(`/api/v1/projects/${p.id}`);
  const { project: _, ...listed } = json;
  expect(shown.tasks[2]).toEqual(listed);
});

test('takes a position, a parent and tags, of which missing ones are made', async () => {
  const { tenant, project: p, path } = await project([{ title: 'a', tags: ['old'] }]);
  const { json } = await tenant.post(path, {
    title: 'b',
    position: 0.5,
    parent_id: p.tasks[0].id,
    tags: ['new', 'OLD', 'New'],
  });
  expect(json).toMatchObject({
    position: 0.5,
    parent_id: p.tasks[0].id,
    version: 1,
    tags: [{ name: 'new' }, { name: 'old' }],
  });
  const { json: shown } = await tenant.get(`/api/v1/projects/${p.id}`);
  expect(shown.tasks.map(({ title }: { title: string }) => title)).toEqual(['b', 'a']);
});

test('404 for a project that is unknown, trashed or another tenant’s', async () => {
  const { tenant, project: p, path } = await project();
  const stranger = await api.tenant();
  const unknown = await tenant.post(`/api/v1/projects/${UNKNOWN}/tasks`, {
    title: 't',
    tags: ['x'],
  });
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await stranger.post(path, { title: 't' })).text)).toBe(anonymous(unknown.text));
  await api.database.admin.query('update projects set deleted_at = now(), trash_id = uuidv7() where id = $1', [p.id]);
  expect(anonymous((await tenant.post(path, { title: 't' })).text)).toBe(anonymous(unknown.text));
  expect((await tenant.get('/api/v1/tags')).json.data).toEqual([]);
});

test('422 for a parent that is unknown, in another project, trashed or another tenant’s', async () => {
  const { tenant, project: p, path } = await project([{ title: 'a' }]);
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] });
  const stranger = await project([{ title: 's' }]);
  const parents = [UNKNOWN, other.tasks[0].id, stranger.project.tasks[0].id];
  await api.database.admin.query('update tasks set deleted_at = now(), trash_id = uuidv7() where id = $1', [
    p.tasks[0].id,
  ]);
  for (const parent_id of [...parents, p.tasks[0].id]) {
    const reply = await tenant.post(path, { title: 't', parent_id });
    expect(reply).toMatchObject({ status: 422, json: { code: 'unprocessable', errors: [{ pointer: '/parent_id' }] } });
  }
});

test('ten levels and no more', async () => {
  const { tenant, path } = await project();
  let parent_id: string | null = null;
  for (let level = 1; level <= 10; level++) {
    const { status, json } = await tenant.post(path, { title: `${level}`, parent_id });
    expect(status).toBe(201);
    parent_id = json.id;
  }
  const reply = await tenant.post(path, { title: '11', parent_id });
  expect(reply).toMatchObject({ status: 422, json: { errors: [{ pointer: '/parent_id', code: 'too_deep' }] } });
});

test('an archived project still takes tasks', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'Old', status: 'archived' });
  expect((await tenant.post(`/api/v1/projects/${json.id}/tasks`, { title: 't' })).status).toBe(201);
});

test.each([
  [{}, '/title', 'required'],
  [{ title: 'x', subtasks: [] }, '/subtasks', 'unknown_member'],
  [{ title: 'x', priority: 1.5 }, '/priority', 'wrong_type'],
  [{ title: 'x', position: '1' }, '/position', 'wrong_type'],
  [{ title: 'x', parent_id: 'no' }, '/parent_id', 'invalid_format'],
  [{ title: 'x', tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, '/tags', 'too_long'],
  [{ title: 'x', tags: ['a', ''] }, '/tags/1', 'blank'],
  [{ title: 'x', status: null }, '/status', 'invalid_value'],
])('refuses %j', async (body, pointer, code) => {
  const { tenant, path } = await project();
  const { status, json } = await tenant.post(path, body);
  expect(status).toBe(400);
  expect(json.errors).toMatchObject([{ pointer, code }]);
});
