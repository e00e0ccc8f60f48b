import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();
const path = '/api/v1/members';

test('makes a member', async () => {
  const tenant = await api.tenant();
  const body = { name: ' Ade\u0301le ', email: ' Adele@Example.com ', subject: ' auth0|1 ' };
  const { status, json, headers } = await tenant.post(path, body);
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    // As it stands in tokens, while names are trimmed.
    subject: ' auth0|1 ',
    name: 'Ad\u00e9le',
    email: 'Adele@Example.com',
    status: 'active',
    version: 1,
    created_at: expect.any(String),
    updated_at: json.created_at,
  });
  expect(headers.get('Location')).toBe(`${path}/${json.id}`);
  expect(headers.get('ETag')).toMatch(/^"1\.[0-9a-f]{32}"$/);
  expect((await tenant.get(`${path}/${json.id}`)).text).toBe(JSON.stringify(json));
});

test('somebody who never signs in needs a name alone; names and emails need not be unique', async () => {
  const tenant = await api.tenant();
  for (const _ of [1, 2]) {
    const { json } = await tenant.post(path, { name: 'Ada', email: null, subject: null });
    expect(json).toMatchObject({ subject: null, email: null, status: 'active' });
  }
  expect((await tenant.post(path, { name: 'Ada', status: 'deactivated' })).json.status).toBe('deactivated');
});

test('a subject is one member’s, byte by byte, and each tenant has its own', async () => {
  const tenant = await api.tenant();
  const make = (subject: string) => tenant.post(path, { name: 'Ada', subject });
  expect((await make('ada')).status).toBe(201);
  expect(await make('ada')).toMatchObject({
    status: 409,
    json: { code: 'duplicate', errors: [{ pointer: '/subject', code: 'duplicate' }] },
  });
  for (const other of ['Ada', 'ada ', 'a\u0301da', '\u00e1da']) expect((await make(other)).status).toBe(201);
  expect((await (await api.tenant()).post(path, { name: 'Ada', subject: 'ada' })).status).toBe(201);
});

test.each([
  [{}, '/name'],
  [{ name: ' ' }, '/name'],
  [{ name: 'x'.repeat(256) }, '/name'],
  [{ name: 'Ada', email: 'ada' }, '/email'],
  [{ name: 'Ada', email: `${'x'.repeat(250)}@a.b` }, undefined],
  [{ name: 'Ada', email: `${'x'.repeat(251)}@a.b` }, '/email'],
  [{ name: 'Ada', subject: '' }, '/subject'],
  [{ name: 'Ada', subject: 'x'.repeat(256) }, '/subject'],
  [{ name: 'Ada', subject: 'a\tb' }, '/subject'],
  [{ name: 'Ada', subject: 'api-key:1' }, '/subject'],
  [{ name: 'Ada', subject: 'member:1' }, '/subject'],
  [{ name: 'Ada', status: 'gone' }, '/status'],
  [{ name: 'Ada', role: 'admin' }, '/role'],
])('%j: at fault is %s', async (body, pointer) => {
  const reply = await (await api.tenant()).post(path, body);
  if (pointer === undefined) expect(reply.status).toBe(201);
  else expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer }] } });
});

test('only an admin may', async () => {
  const tenant = await api.tenant();
  for (const role of ['viewer', 'member'] as const) {
    expect((await tenant.post(path, { name: 'Ada' }, { role })).status).toBe(403);
  }
});

test('an equal request with the same key makes no second one', async () => {
  const tenant = await api.tenant();
  const headers = { 'Idempotency-Key': 'k' };
  const first = await tenant.post(path, { name: 'Ada', subject: 'ada' }, { headers });
  const again = await tenant.post(path, { name: 'Ada', subject: 'ada' }, { headers });
  expect(again).toMatchObject({ status: 201, text: first.text });
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
});
