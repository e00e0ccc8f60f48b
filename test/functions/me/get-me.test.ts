import { expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';

const api = useApi();
const path = '/api/v1/me';

test('of a token: what it says, and the member whose subject it has', async () => {
  const tenant = await api.tenant('Acme');
  const me = async (claims: object) =>
    (await api.call(path, { token: await signToken({ tenant_id: tenant.id, ...claims }) })).json;
  const { json: ada } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada "1"' });
  await (await api.tenant()).post('/api/v1/members', { name: 'Other', subject: 'grace' });
  expect(await me({ sub: 'ada "1"', role: 'viewer' })).toEqual({
    subject: 'ada "1"',
    role: 'viewer',
    tenant: { id: tenant.id, name: 'Acme' },
    member: ada,
    credential: 'token',
  });
  expect(await me({ sub: 'grace' })).toMatchObject({ subject: 'grace', role: 'member', member: null });
  for (const claims of [{}, { sub: '' }]) expect(await me(claims)).toMatchObject({ subject: null, member: null });
});

test('a token whose subject is that of an API key, or of somebody who has been purged, is not valid', async () => {
  const tenant = await api.tenant();
  const { id } = await insertApiKey(api, tenant);
  for (const sub of [`api-key:${id}`, `member:${id}`]) {
    const reply = await api.call(path, { token: await tenant.token('admin', sub) });
    expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
  }
});

test('of an API key: its role, and the member for whom it acts', async () => {
  const tenant = await api.tenant();
  const { json: ada } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  const mine = await insertApiKey(api, tenant, { role: 'viewer', member_id: ada.id });
  expect((await api.call(path, { token: mine.key })).json).toEqual({
    subject: null,
    role: 'viewer',
    tenant: { id: tenant.id, name: expect.any(String) },
    member: ada,
    credential: 'api_key',
  });
  const other = await insertApiKey(api, tenant, { role: 'admin' });
  expect((await api.call(path, { token: other.key })).json).toMatchObject({ role: 'admin', member: null });
});

test('304 where the caller has it', async () => {
  const tenant = await api.tenant();
  const { headers } = await tenant.get(path);
  const again = await tenant.get(path, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(again.status).toBe(304);
  expect((await tenant.get(path, { role: 'viewer' })).headers.get('ETag')).not.toBe(headers.get('ETag'));
});
