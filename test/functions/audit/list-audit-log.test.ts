import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';

const api = useApi();
const path = '/api/v1/audit-log';

interface Entry {
  id: string;
  at: string;
  actor: string;
  action: string;
  resource_type: string;
  resource_id: string;
  changes: Record<string, [unknown, unknown]>;
}

const shown = (json: { data: Entry[] }) => json.data.map(({ action, resource_type }) => `${action} ${resource_type}`);

/** A tenant whose log holds each action, by two people. */
async function world() {
  const tenant = await api.tenant();
  const ann = { token: await tenant.token('member', 'Ann') };
  const call = (url: string, method: string, body?: unknown, token = {}) =>
    tenant.call(`/api/v1/${url}`, { method, ...(body === undefined ? {} : { body }), ...token });
  const { json: project } = await call('projects', 'POST', { name: 'P', tasks: [{ title: 'a', tags: ['t'] }] });
  const [task] = project.tasks;
  const [tag] = task.tags;
  await call(`projects/${project.id}`, 'PATCH', { name: 'P2', metadata: { k: 1 } }, ann);
  await call(`tasks/${task.id}`, 'PATCH', { title: 'b', tags: { remove: ['t'] } }, ann);
  await call(`tags/${tag.id}`, 'PATCH', { color: '#00ff00' });
  await call(`tags/${tag.id}`, 'DELETE', undefined, ann);
  await call(`tasks/${task.id}`, 'DELETE');
  await call(`tasks/${task.id}/restore`, 'POST');
  await call(`projects/${project.id}`, 'DELETE');
  await call(`projects/${project.id}/restore`, 'POST');
  return { tenant, project, task, tag, call };
}

test('holds every change, newest first', async () => {
  const { tenant, project } = await world();
  const { status, json, headers } = await tenant.get(`${path}?limit=100`);
  expect(status).toBe(200);
  const entries = shown(json);
  // What one request changed has no order among different resources.
  const groups = [
    ['restore project', 'restore task'],
    ['trash project', 'trash task'],
    ['restore task'],
    ['trash task'],
    ['delete tag'],
    ['update tag'],
    ['delete tagging', 'update task'],
    ['update project'],
    ['insert project', 'insert tag', 'insert tagging', 'insert task'],
    ['insert tenant'],
  ];
  let from = 0;
  for (const group of groups) {
    expect(entries.slice(from, from + group.length).sort()).toEqual(group.sort());
    from += group.length;
  }
  expect(entries).toHaveLength(from);
  expect(json.data.at(-2).at).toBe(project.created_at);
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
});

test('each entry says who, in which request, what, and from what to what', async () => {
  const { tenant, project, task, tag, call } = await world();
  const headers = { 'X-Request-Id': 'the-request' };
  const body = { name: 'P3', description: null, status: 'archived' };
  await tenant.call(`/api/v1/projects/${project.id}`, { method: 'PATCH', body, headers });
  const one = async (query: string) => (await tenant.get(`${path}?limit=1&${query}`)).json.data[0];
  expect(await one(`resource_id=${project.id}`)).toEqual({
    id: expect.any(String),
    at: (await tenant.get(`/api/v1/projects/${project.id}`)).json.updated_at,
    actor: 'tester',
    request_id: 'the-request',
    action: 'update',
    resource_type: 'project',
    resource_id: project.id,
    changes: { name: ['P2', 'P3'], status: ['active', 'archived'] },
  });
  expect((await one(`resource_id=${project.id}&actor=Ann`)).changes).toEqual({
    name: ['P', 'P2'],
    metadata: [{}, { k: 1 }],
  });
  expect((await one(`resource_id=${task.id}&resource_type=task&action=update`)).changes).toEqual({ title: ['a', 'b'] });
  expect((await one('resource_type=tagging&action=insert')).changes).toEqual({ tag_id: [null, tag.id] });
  expect(await one('resource_type=tagging&action=delete')).toMatchObject({
    resource_id: task.id,
    changes: { tag_id: [tag.id, null] },
  });
  expect((await one(`resource_id=${tag.id}&action=update`)).changes).toEqual({ color: [null, '#00ff00'] });
  expect((await one(`resource_id=${tag.id}&action=delete`)).changes).toEqual({
    name: ['t', null],
    color: ['#00ff00', null],
    created_at: [expect.any(String), null],
  });
  expect((await one(`resource_id=${task.id}&action=insert&resource_type=task`)).changes).toEqual({
    project_id: [null, project.id],
    title: [null, 'a'],
    status: [null, 'pending'],
    priority: [null, 0],
    position: [null, 1],
    metadata: [null, {}],
    created_by: [null, 'tester'],
    created_at: [null, expect.any(String)],
  });
  await call(`tasks/${task.id}`, 'DELETE');
  await call(`tasks/${task.id}/purge`, 'POST');
  expect(await one('action=purge')).toMatchObject({ resource_type: 'task', resource_id: task.id, changes: {} });
});

test('taking a tag off by deleting it is in the log too', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', tags: ['t'] }] });
  const [task] = json.tasks;
  await tenant.call(`/api/v1/tags/${task.tags[0].id}`, { method: 'DELETE' });
  expect((await tenant.get(`${path}?action=delete&resource_id=${task.id}`)).json.data).toMatchObject([
    { resource_type: 'tagging', changes: { tag_id: [task.tags[0].id, null] } },
  ]);
});

describe('filters', () => {
  test('each, and together', async () => {
    const { tenant, project, task, tag } = await world();
    const stranger = await world();
    const total = async (query: string) => (await tenant.get(`${path}?limit=1&count=true&${query}`)).json.page.total;
    expect(await total('')).toBe(16);
    expect(await total('resource_type=tenant')).toBe(1);
    expect(await total('resource_type=project')).toBe(4);
    expect(await total('resource_type=tagging')).toBe(2);
    expect(await total(`resource_id=${tag.id}`)).toBe(3);
    expect(await total(`resource_id=${task.id.toUpperCase()}&resource_type=task`)).toBe(6);
    expect(await total(`resource_id=${stranger.project.id}`)).toBe(0);
    expect(await total('actor=Ann')).toBe(4);
    expect(await total('actor=ann')).toBe(0);
    for (const [action, n] of Object.entries({ insert: 5, update: 3, delete: 2, trash: 3, restore: 3, purge: 0 })) {
      expect(await total(`action=${action}`), action).toBe(n);
    }
    expect(await total(`action=trash&resource_type=project&actor=tester&resource_id=${project.id}`)).toBe(1);
    const { at } = (await tenant.get(`${path}?limit=1&action=insert`)).json.data[0];
    expect(await total(`after=${at}`)).toBe(11);
    expect(await total(`before=${at}`)).toBe(4);
    expect(await total(`after=2020-01-01T00:00:00Z&before=2999-01-01T00:00:00Z`)).toBe(16);
  });

  test.each([
    ['resource_type=people', '?resource_type'],
    ['resource_id=1', '?resource_id'],
    ['action=create', '?action'],
    ['actor=', '?actor'],
    ['after=yesterday', '?after'],
    ['before=2026-02-30T00:00:00Z', '?before'],
    ['sort=actor', '?sort'],
    ['fields=tenant_id', '?fields'],
  ])('refuses %s', async (query, pointer) => {
    const tenant = await api.tenant();
    expect(await tenant.get(`${path}?${query}`)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer }] },
    });
  });
});

test('an inverted range is 422', async () => {
  const tenant = await api.tenant();
  expect(await tenant.get(`${path}?after=2026-01-02T00:00:00Z&before=2026-01-01T00:00:00Z`)).toMatchObject({
    status: 422,
    json: { code: 'unprocessable', errors: [{ pointer: '?before', code: 'inverted_range' }] },
  });
});

test('walking its pages shows each entry once, also those of one moment', async () => {
  const { tenant } = await world();
  for (const query of ['', '&sort=at', '&resource_type=task']) {
    const all = (await tenant.get(`${path}?limit=100${query}`)).json.data;
    for (const limit of [1, 2, 3]) {
      expect(await walkPages(tenant, `${path}?limit=${limit}${query}`)).toEqual(all);
    }
  }
});

test('fields', async () => {
  const { tenant } = await world();
  const { json } = await tenant.get(`${path}?fields=actor,action&limit=1&resource_type=project`);
  expect(json.data).toEqual([{ actor: 'tester', action: 'restore' }]);
});

test('only an admin may read it, and only that of the own tenant', async () => {
  const { tenant } = await world();
  for (const role of ['viewer', 'member'] as const) {
    expect(await tenant.get(path, { role })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  }
  const other = await api.tenant();
  expect((await other.get(path)).json.data).toMatchObject([{ resource_type: 'tenant', resource_id: other.id }]);
});
