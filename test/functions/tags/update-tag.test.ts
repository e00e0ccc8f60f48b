import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  knowsOnlyItsOwn,
  stored,
  type Write,
} from '../../support/writes.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/tags', { name: 'Design', color: '#7a5cFF' });
  const path = `/api/v1/tags/${json.id}`;
  const patch = (body: unknown, headers = {}) => tenant.call(path, { method: 'PATCH', body, headers });
  return { tenant, tag: json, path, patch };
}

async function make(): Promise<Write> {
  const { tenant, tag, path } = await world();
  return { tenant, table: 'tags', id: tag.id, method: 'PATCH', path, body: { name: 'New' } };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('changes what it names and nothing else, and answers as GET does', async () => {
  const { tenant, tag, path, patch } = await world();
  const { status, json, headers } = await patch({ name: ' Cafe\u0301 ' });
  expect(status).toBe(200);
  expect(json).toEqual({ ...tag, name: 'Caf\u00e9', version: 2, updated_at: json.updated_at });
  const got = await tenant.get(path);
  expect(got.json).toEqual(json);
  expect(got.headers.get('ETag')).toBe(headers.get('ETag'));
  expect((await patch({ color: null })).json).toMatchObject({ name: 'Caf\u00e9', color: null, version: 3 });
  expect((await history(tenant, tag.id)).map(({ action, changes }) => [action, changes]).slice(1)).toEqual([
    ['update', { name: ['Design', 'Caf\u00e9'] }],
    ['update', { color: ['#7a5cFF', null] }],
  ]);
});

test('renaming changes no task’s version, and its tasks show the new name', async () => {
  const { tenant, patch } = await world();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', tags: ['design'] }] });
  await patch({ name: 'Layout', color: '#00ff00' });
  const [task] = (await tenant.get(`/api/v1/projects/${json.id}`)).json.tasks;
  expect(task).toMatchObject({ version: 1, tags: [{ name: 'Layout', color: '#00ff00' }] });
  expect((await tenant.get('/api/v1/tasks?tag=layout')).json.data).toHaveLength(1);
  expect((await tenant.get('/api/v1/tasks?tag=design')).json.data).toEqual([]);
});

test('a patch that changes nothing leaves the version, updated_at and the audit log alone', async () => {
  const { tenant, tag, patch } = await world();
  const row = { table: 'tags', id: tag.id } as const;
  const before = [await stored(api, row), await history(tenant, tag.id)];
  for (const body of [{}, { name: ' Design ' }, { color: '#7a5cFF' }, { name: 'Design', color: '#7a5cFF' }]) {
    expect(await patch(body)).toMatchObject({ status: 200, json: tag });
  }
  expect([await stored(api, row), await history(tenant, tag.id)]).toEqual(before);
});

test('another spelling of its own name is a change, that of another tag a duplicate', async () => {
  const { tenant, path, patch } = await world();
  expect(await patch({ name: 'DESIGN' })).toMatchObject({ status: 200, json: { name: 'DESIGN', version: 2 } });
  await tenant.post('/api/v1/tags', { name: 'Straße' });
  for (const name of ['Straße', 'STRASSE']) {
    expect(await patch({ color: null, name })).toMatchObject({
      status: 409,
      json: { code: 'duplicate', errors: [{ pointer: '/name' }] },
    });
  }
  expect((await tenant.get(path)).json).toMatchObject({ name: 'DESIGN', color: '#7a5cFF', version: 2 });
  const stranger = await world();
  expect((await stranger.patch({ name: 'Straße' })).status).toBe(200);
});

test('of two tags that take one name at once, one gets it', async () => {
  const { tenant, patch } = await world();
  const { json } = await tenant.post('/api/v1/tags', { name: 'other' });
  const replies = await Promise.all([
    patch({ name: 'wanted' }),
    tenant.call(`/api/v1/tags/${json.id}`, { method: 'PATCH', body: { name: 'WANTED' } }),
  ]);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test.each([
  [{ name: null }, '/name', 'wrong_type'],
  [{ name: ' ' }, '/name', 'blank'],
  [{ name: 'x'.repeat(101) }, '/name', 'too_long'],
  [{ color: 'red' }, '/color', 'invalid_format'],
  [{ color: '' }, '/color', 'invalid_format'],
  [{ task_count: 1 }, '/task_count', 'unknown_member'],
])('refuses %j', async (body, pointer, code) => {
  const { patch } = await world();
  expect(await patch(body)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer, code }] },
  });
});

test('a viewer may not', async () => {
  const { tenant, path } = await world();
  const reply = await tenant.call(path, { method: 'PATCH', body: { name: 'x' }, role: 'viewer' });
  expect(reply).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
