import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';

const api = useApi();
const patch = (id: string, body: unknown, headers = {}) =>
  api.platform(`/api/v1/tenants/${id}`, { method: 'PATCH', body, headers });

test('changes what it names and nothing else', async () => {
  const { id } = await api.tenant('Old');
  const { status, json } = await patch(id, { name: 'New' }, { 'Content-Type': 'application/merge-patch+json' });
  expect(status).toBe(200);
  expect(json).toMatchObject({ id, name: 'New', status: 'active' });
  expect(Date.parse(json.updated_at)).toBeGreaterThan(Date.parse(json.created_at));
});

test('a patch that changes nothing changes nothing', async () => {
  const { id } = await api.tenant('Same');
  const { json } = await patch(id, {});
  expect((await patch(id, { name: 'Same', status: 'active' })).json).toEqual(json);
  expect(json.updated_at).toBe(json.created_at);
});

test('a suspended tenant’s tokens are refused, until it is woken', async () => {
  const tenant = await api.tenant();
  expect((await patch(tenant.id, { status: 'suspended' })).json.status).toBe('suspended');
  for (const path of ['/api/v1/tenant', '/api/v1/projects']) {
    expect(await tenant.get(path)).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  }
  expect(await tenant.post('/api/v1/projects', { name: 'x' })).toMatchObject({ status: 403 });
  await patch(tenant.id, { status: 'active' });
  expect((await tenant.get('/api/v1/tenant')).status).toBe(200);
});

test('If-Match compares the digest, since tenants have no version', async () => {
  const { id } = await api.tenant('Old');
  const etag = (await patch(id, {})).headers.get('ETag') ?? '';
  expect((await patch(id, { name: 'New' }, { 'If-Match': `"x", W/${etag}` })).status).toBe(200);
  const late = await patch(id, { name: 'Late' }, { 'If-Match': etag });
  expect(late).toMatchObject({ status: 412, json: { code: 'precondition_failed' } });
  expect((await patch(id, { name: 'Any' }, { 'If-Match': '*' })).json.name).toBe('Any');
  const current = (await patch(id, {})).headers.get('ETag') ?? '';
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, n) => patch(id, { name: `${n}` }, { 'If-Match': current })),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('404 for an unknown tenant', async () => {
  expect(await patch(UNKNOWN, { name: 'x' })).toMatchObject({ status: 404 });
});

test.each([
  [{ name: null }, '/name'],
  [{ status: null }, '/status'],
  [{ status: 'gone' }, '/status'],
  [{ id: 'x' }, '/id'],
])('refuses %j', async (body, pointer) => {
  const { id } = await api.tenant();
  expect(await patch(id, body)).toMatchObject({ status: 400, json: { errors: [{ pointer }] } });
});
