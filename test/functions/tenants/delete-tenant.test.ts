import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';

/* What the scheduled purge then does: test/scheduled/purge.test.ts. */

const api = useApi();
const path = (id: string) => `/api/v1/tenants/${id}`;
const remove = (id: string, headers = {}) => api.platform(path(id), { method: 'DELETE', headers });
const conflict = { status: 409, json: { code: 'conflict' } };

async function suspended() {
  const tenant = await api.tenant();
  return { tenant, id: tenant.id, ...(await tenant.setStatus('suspended')) };
}

test('a suspended tenant is deleting, which is final', async () => {
  const { id, tenant, json } = await suspended();
  const { status, json: deleting, headers } = await remove(id);
  expect(status).toBe(202);
  expect(deleting).toEqual({ ...json, status: 'deleting', updated_at: expect.any(String) });
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  expect(await api.platform(`${path(id)}`, { method: 'PATCH', body: { status: 'active' } })).toMatchObject(conflict);
  expect(await remove(id)).toMatchObject(conflict);
  expect(await tenant.get('/api/v1/tenant')).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  const { data } = (await api.platform('/api/v1/tenants?limit=100')).json;
  expect(data).toContainEqual(deleting);
});

test('an active tenant is a conflict', async () => {
  const { id, get } = await api.tenant();
  expect(await remove(id)).toMatchObject(conflict);
  expect((await get('/api/v1/tenant')).json.status).toBe('active');
});

test('If-Match compares the digest', async () => {
  const { id, headers } = await suspended();
  expect(await remove(id, { 'If-Match': '"other"' })).toMatchObject({ status: 412, json: { current_version: null } });
  expect((await remove(id, { 'If-Match': headers.get('ETag') ?? '' })).status).toBe(202);
});

test('404 for an unknown tenant, 403 for who is not the platform', async () => {
  expect(await remove(UNKNOWN)).toMatchObject({ status: 404 });
  const { id, call } = await api.tenant();
  expect(await call(path(id), { method: 'DELETE' })).toMatchObject({ status: 403 });
});
