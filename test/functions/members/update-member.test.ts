import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  knowsOnlyItsOwn,
  meetingAt,
  type Write,
} from '../../support/writes.ts';

const api = useApi();

async function world(member: object = {}) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/members', { name: 'Ada', email: 'ada@example.com', ...member });
  const path = `/api/v1/members/${json.id}`;
  const patch = (body: unknown) => tenant.call(path, { method: 'PATCH', body });
  return { tenant, member: json, path, patch };
}

async function make(): Promise<Write> {
  const { tenant, member, path } = await world();
  return { tenant, table: 'members', id: member.id, method: 'PATCH', path, body: { name: 'New' } };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make);

test('changes what it names and nothing else, and answers as GET does', async () => {
  const { tenant, member, path, patch } = await world();
  const { status, json, headers } = await patch({ name: ' Ada King ' });
  expect(status).toBe(200);
  expect(json).toEqual({ ...member, name: 'Ada King', version: 2, updated_at: json.updated_at });
  const got = await tenant.get(path);
  expect([got.text, got.headers.get('ETag')]).toEqual([JSON.stringify(json), headers.get('ETag')]);
  expect((await patch({ email: null, status: 'deactivated' })).json).toMatchObject({
    name: 'Ada King',
    email: null,
    status: 'deactivated',
    version: 3,
  });
  expect((await history(tenant, member.id)).map(({ action, changes }) => [action, changes]).slice(1)).toEqual([
    ['update', { name: ['Ada', 'Ada King'] }],
    ['update', { email: ['ada@example.com', null], status: ['active', 'deactivated'] }],
  ]);
});

test('a patch that changes nothing changes neither version nor log', async () => {
  const { tenant, member, patch } = await world({ subject: 'ada' });
  for (const body of [{}, { name: 'Ada', email: 'ada@example.com', subject: 'ada', status: 'active' }]) {
    expect(await patch(body)).toMatchObject({ status: 200, json: member });
  }
  expect(await history(tenant, member.id)).toHaveLength(1);
});

test('a subject can be set once, and neither be changed nor be cleared', async () => {
  const { member, patch } = await world();
  expect((await patch({ subject: null })).json).toEqual(member);
  expect((await patch({ subject: 'ada' })).json).toMatchObject({ subject: 'ada', version: 2 });
  for (const subject of ['Ada', null]) {
    const reply = await patch({ subject, name: 'New' });
    expect(reply).toMatchObject({ status: 409, json: { code: 'conflict' } });
  }
  expect((await patch({ subject: 'ada' })).json).toMatchObject({ name: 'Ada', subject: 'ada', version: 2 });
});

test('a subject that another member has is a duplicate', async () => {
  const { tenant, patch } = await world();
  await tenant.post('/api/v1/members', { name: 'Grace', subject: 'grace' });
  expect(await patch({ subject: 'grace' })).toMatchObject({
    status: 409,
    json: { code: 'duplicate', errors: [{ pointer: '/subject' }] },
  });
});

test('of two who set a subject at once, one is a conflict', async () => {
  const { member, patch } = await world();
  const write = { table: 'members' as const, id: member.id };
  const replies = await meetingAt(api, write, () => [patch({ subject: 'one' }), patch({ subject: 'two' })]);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test.each([
  [{ name: null }, '/name'],
  [{ email: 'x' }, '/email'],
  [{ status: null }, '/status'],
  [{ subject: 'member:x' }, '/subject'],
  [{ version: 1 }, '/version'],
])('refuses %j', async (body, pointer) => {
  const { patch } = await world();
  expect(await patch(body)).toMatchObject({ status: 400, json: { errors: [{ pointer }] } });
});

test('only an admin may', async () => {
  const { tenant, path } = await world();
  for (const role of ['viewer', 'member'] as const) {
    expect((await tenant.call(path, { method: 'PATCH', body: { name: 'x' }, role })).status).toBe(403);
  }
});
