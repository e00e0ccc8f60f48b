import { expect, test } from 'vitest';
import { signToken, type TestTenant, useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { history, inTurn } from '../../support/writes.ts';

const api = useApi();
const path = '/api/v1/me';

const put = (token: string, body: unknown) => api.call(path, { method: 'PUT', body, token });
const members = async (tenant: TestTenant) => (await tenant.get('/api/v1/members')).json.data;

test('makes the caller’s member, then changes it, with any role', async () => {
  const tenant = await api.tenant();
  const token = await tenant.token('viewer', 'ada');
  const made = await put(token, { name: ' Ada ', email: 'ada@example.com' });
  expect(made).toMatchObject({
    status: 201,
    json: { subject: 'ada', name: 'Ada', email: 'ada@example.com', status: 'active', version: 1 },
  });
  expect(made.headers.get('Location')).toBe(`/api/v1/members/${made.json.id}`);
  expect(made.headers.get('ETag')).toMatch(/^"1\./);

  const changed = await put(token, { name: 'Ada King' });
  expect(changed.status).toBe(200);
  expect(changed.json).toEqual({
    ...made.json,
    name: 'Ada King',
    email: null,
    version: 2,
    updated_at: changed.json.updated_at,
  });
  expect(changed.headers.get('Location')).toBeNull();
  // Once it is so, nothing changes.
  expect(await put(token, { name: 'Ada King' })).toMatchObject({ status: 200, json: changed.json });
  expect(await members(tenant)).toEqual([changed.json]);
  expect((await api.call(path, { token })).json.member).toEqual(changed.json);
  const log = await history(tenant, made.json.id);
  expect(log.map(({ action, actor }) => [action, actor])).toEqual([
    ['insert', 'ada'],
    ['update', 'ada'],
  ]);
});

test('a member that an admin has made is the caller’s own by its subject', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada', subject: 'ada' });
  const reply = await put(await tenant.token('member', 'ada'), { name: 'Ada King' });
  expect(reply).toMatchObject({ status: 200, json: { id: json.id, name: 'Ada King', version: 2 } });
  const other = await api.tenant();
  expect((await put(await other.token('member', 'ada'), { name: 'Ada' })).status).toBe(201);
});

test('of several at once, one makes the member and the others change it', async () => {
  const tenant = await api.tenant();
  const token = await tenant.token('viewer', 'ada');
  const hold = ["insert into members (tenant_id, name, subject) values ($1, 'x', 'ada')", [tenant.id]] as const;
  const requests = ['one', 'two', 'three', 'four'].map((name) => () => put(token, { name }));
  const replies = await inTurn(api, [hold[0], [...hold[1]]], requests);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
  expect(await members(tenant)).toHaveLength(1);
});

test.each([
  ['no sub', {}],
  ['an empty sub', { sub: '' }],
])('422 for a token with %s', async (_, claims) => {
  const tenant = await api.tenant();
  const reply = await put(await signToken({ tenant_id: tenant.id, ...claims }), { name: 'Ada' });
  expect(reply).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
  expect(await members(tenant)).toEqual([]);
});

test('an API key changes the member for whom it acts; 422 where there is none', async () => {
  const tenant = await api.tenant();
  const { json: ada } = await tenant.post('/api/v1/members', { name: 'Ada' });
  const { id, key } = await insertApiKey(api, tenant, { role: 'viewer', member_id: ada.id });
  expect(await put(key, { name: 'Ada King' })).toMatchObject({ status: 200, json: { id: ada.id, name: 'Ada King' } });
  expect((await history(tenant, ada.id)).at(-1)?.actor).toBe(`api-key:${id}`);
  const { key: other } = await insertApiKey(api, tenant, { role: 'admin' });
  expect(await put(other, { name: 'x' })).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
  expect(await members(tenant)).toHaveLength(1);
});

test.each([
  [{}, '/name'],
  [{ name: '' }, '/name'],
  [{ name: 'Ada', email: 'x' }, '/email'],
  [{ name: 'Ada', subject: 'x' }, '/subject'],
])('refuses %j', async (body, pointer) => {
  const tenant = await api.tenant();
  const reply = await put(await tenant.token('viewer', 'ada'), body);
  expect(reply).toMatchObject({ status: 400, json: { errors: [{ pointer }] } });
});
