import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

async function world() {
  const tenant = await api.tenant();
  const created = await tenant.post('/api/v1/tags', { name: 'design', color: '#7a5cFF' });
  return { tenant, created, path: `/api/v1/tags/${created.json.id}` };
}

test('shows the tag', async () => {
  const { tenant, created, path } = await world();
  const { status, json, headers } = await tenant.get(path, { role: 'viewer' });
  expect(status).toBe(200);
  expect(json).toEqual(created.json);
  expect(headers.get('ETag')).toBe(created.headers.get('ETag'));
  expect((await tenant.get(path.replace(json.id, json.id.toUpperCase()))).json).toEqual(json);
});

test('answers 304 without a body to whoever has the current representation', async () => {
  const { tenant, created, path } = await world();
  const etag = created.headers.get('ETag') ?? '';
  for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    expect(await tenant.get(path, { headers: { 'If-None-Match': value } })).toMatchObject({ status: 304, text: '' });
  }
  await tenant.call(path, { method: 'PATCH', body: { color: null } });
  const changed = await tenant.get(path, { headers: { 'If-None-Match': etag } });
  expect(changed).toMatchObject({ status: 200, json: { version: 2, color: null } });
});

test('being on tasks is no change of the tag', async () => {
  const { tenant, created, path } = await world();
  await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 'a', tags: ['DESIGN'] }] });
  expect((await tenant.get(path)).text).toBe(created.text);
});

test('what is unknown, deleted or another tenant’s is the same 404; an id of another form is 400', async () => {
  const { tenant, path } = await world();
  const unknown = await tenant.get(`/api/v1/tags/${UNKNOWN}`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await (await api.tenant()).get(path)).text)).toBe(anonymous(unknown.text));
  await tenant.call(path, { method: 'DELETE' });
  expect(anonymous((await tenant.get(path)).text)).toBe(anonymous(unknown.text));
  expect((await tenant.get('/api/v1/tags/design')).status).toBe(400);
  expect(await tenant.get(`${path}?fields=id`)).toMatchObject({
    status: 400,
    json: { errors: [{ pointer: '?fields' }] },
  });
});
