import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { told, UNKNOWN } from '../../support/replies.ts';
import { history } from '../../support/writes.ts';

const api = useApi();
const path = '/api/v1/api-keys';

test('revokes a key at once and for good, and twice is as once', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post(path, { name: 'k' });
  const use = () => api.call('/api/v1/tenant', { token: json.key });
  expect((await use()).status).toBe(200);
  const revoke = () => tenant.call(`${path}/${json.id}`, { method: 'DELETE' });
  expect(await revoke()).toMatchObject({ status: 204, text: '' });
  expect((await use()).status).toBe(401);
  const shown = (await tenant.get(path)).json.data;
  expect(shown).toMatchObject([{ id: json.id, status: 'revoked', revoked_at: expect.any(String) }]);
  expect((await revoke()).status).toBe(204);
  expect((await tenant.get(path)).json.data).toEqual(shown);
  expect((await history(tenant, json.id)).map(({ action, changes }) => [action, Object.keys(changes)])).toEqual([
    ['insert', expect.anything()],
    ['update', ['revoked_at']],
  ]);
});

test('a key can revoke itself, where it is an admin’s', async () => {
  const tenant = await api.tenant();
  const { id, key } = await insertApiKey(api, tenant, { role: 'admin' });
  const revoke = () => api.call(`${path}/${id}`, { method: 'DELETE', token: key });
  expect((await revoke()).status).toBe(204);
  expect((await revoke()).status).toBe(401);
});

test('an unknown one and another tenant’s are the same 404', async () => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  const foreign = await insertApiKey(api, other);
  const revoke = (id: string) => tenant.call(`${path}/${id}`, { method: 'DELETE' });
  const unknown = await revoke(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(told(await revoke(foreign.id))).toEqual(told(unknown));
  expect((await api.call('/api/v1/tenant', { token: foreign.key })).status).toBe(200);
});

test('only an admin may', async () => {
  const tenant = await api.tenant();
  const { id } = await insertApiKey(api, tenant);
  for (const role of ['viewer', 'member'] as const) {
    expect((await tenant.call(`${path}/${id}`, { method: 'DELETE', role })).status).toBe(403);
  }
});
