import { expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  inTurn,
  knowsOnlyItsOwn,
  stored,
  type Write,
} from '../../support/writes.ts';
import { type Caller, commentWorld } from './comment-world.ts';

const api = useApi();

async function world(caller?: Caller) {
  const all = await commentWorld(api);
  const { json: comment } = await all.say('First', caller);
  return { ...all, comment, path: `/api/v1/comments/${comment.id}` };
}

async function make(): Promise<Write> {
  const { tenant, comment, path } = await world();
  return { tenant, table: 'comments', id: comment.id, method: 'PATCH', path, body: { body: 'New' } };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await api.database.admin.query(
    `update tasks set deleted_at = now(), trash_id = id where id = (select task_id from comments where id = $1)`,
    [write.id],
  );
  return write;
});

test('changes the text, and says when', async () => {
  const { tenant, bob, comment, path, edit } = await world();
  const { status, json, headers } = await edit(comment.id, { body: `Second @[${bob}]` });
  expect(status).toBe(200);
  expect(json).toEqual({
    ...comment,
    body: `Second @[${bob}]`,
    mentions: [{ id: bob, name: 'Bob' }],
    version: 2,
    updated_at: expect.any(String),
    edited_at: expect.any(String),
  });
  expect(json.edited_at > json.created_at).toBe(true);
  const got = await tenant.get(path);
  expect([got.json, got.headers.get('ETag')]).toEqual([json, headers.get('ETag')]);
  expect((await history(tenant, comment.id)).at(-1)).toMatchObject({
    action: 'update',
    changes: { body: ['First', `Second @[${bob}]`] },
  });
  expect((await tenant.get('/api/v1/comments?q=second')).json.data).toHaveLength(1);
  expect((await tenant.get('/api/v1/comments?q=first')).json.data).toEqual([]);
});

test('mentions follow the text, in its order', async () => {
  const { ada, bob, zoe, comment, edit } = await world();
  const mentioned = async (...ids: string[]) =>
    (await edit(comment.id, { body: `x ${ids.map((id) => `@[${id}]`).join(' ')}` })).json.mentions.map(
      ({ id }: { id: string }) => id,
    );
  expect(await mentioned(ada, bob)).toEqual([ada, bob]);
  expect(await mentioned(zoe, bob, ada)).toEqual([zoe, bob, ada]);
  expect(await mentioned(ada)).toEqual([ada]);
  expect(await mentioned()).toEqual([]);
});

test('the same text, or none, changes nothing', async () => {
  const { tenant, comment, edit } = await world();
  const row = { table: 'comments', id: comment.id } as const;
  const before = [await stored(api, row), await history(tenant, comment.id)];
  for (const body of [{}, { body: 'First' }]) {
    expect(await edit(comment.id, body)).toMatchObject({ status: 200, json: comment });
  }
  expect([await stored(api, row), await history(tenant, comment.id)]).toEqual(before);
});

test('changes nothing of the task', async () => {
  const { comment, edit, getTask } = await world();
  const before = await getTask();
  await edit(comment.id, { body: 'New' });
  expect(await getTask()).toMatchObject({ json: before.json });
});

test('a new mention of somebody unknown is refused, and nothing changes', async () => {
  const { tenant, comment, path, edit } = await world();
  expect(await edit(comment.id, { body: `@[${UNKNOWN}]` })).toMatchObject({
    status: 422,
    json: { code: 'unprocessable', errors: [{ pointer: '/body', code: 'unknown' }] },
  });
  expect((await tenant.get(path)).json).toEqual(comment);
});

test('who is mentioned already and has been purged since is text', async () => {
  const { bob, zoe, comment, edit } = await world();
  await edit(comment.id, { body: `Thanks @[${bob}]` });
  await api.database.admin.query('delete from members where id = $1', [bob]);
  expect(await edit(comment.id, { body: `Many thanks @[${bob.toUpperCase()}] @[${zoe}]` })).toMatchObject({
    status: 200,
    json: { mentions: [{ id: zoe }] },
  });
});

const may = 200;
const mayNot = 403;
test.each<[writer: Caller, editor: Caller, status: number]>([
  [{ sub: 'ada' }, { sub: 'ada' }, may],
  [{ sub: 'ada' }, { sub: 'bob' }, mayNot],
  [{ sub: 'ada' }, { sub: 'bob', role: 'admin' }, may],
  [{ sub: 'ada' }, { sub: 'eve', role: 'admin' }, may],
  [{ sub: 'ada' }, { sub: 'ada', role: 'viewer' }, mayNot],
  [{ sub: 'eve' }, { sub: 'eve' }, may],
  [{ sub: 'eve' }, { sub: 'Eve' }, mayNot],
  [{ sub: 'eve' }, { sub: 'ada' }, mayNot],
])('of what %j has said, %j is answered %i', async (writer, editor, status) => {
  const { tenant, comment, path, edit } = await world(writer);
  const reply = await edit(comment.id, { body: 'New' }, editor);
  expect(reply.status).toBe(status);
  if (status === mayNot) expect(reply.json.code).toBe('forbidden');
  expect((await tenant.get(path)).json.body).toBe(status === may ? 'New' : 'First');
});

test('who has become a member since is still the author', async () => {
  const { tenant, comment, edit } = await world({ sub: 'eve' });
  await api.database.admin.query(`insert into members (tenant_id, name, subject) values ($1, 'Eve', 'eve')`, [
    tenant.id,
  ]);
  expect((await edit(comment.id, { body: 'New' }, { sub: 'eve' })).status).toBe(200);
});

test('of a comment that has an author, the actor has no say', async () => {
  const { zoe, comment, edit } = await world({ sub: 'bob' });
  await api.database.admin.query('update comments set author_id = $2 where id = $1', [comment.id, zoe]);
  expect((await edit(comment.id, { body: 'New' }, { sub: 'bob' })).status).toBe(403);
});

test.each([null, 'member:01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b'])(
  'of nobody’s comment, whose actor is %j, an admin is master alone',
  async (actor) => {
    const { tenant, comment, path, edit } = await world();
    const { admin } = api.database;
    await admin.query('set session_replication_role = replica');
    await admin.query('update comments set author_id = null, actor = $2 where id = $1', [comment.id, actor]);
    await admin.query('set session_replication_role = origin');
    for (const sub of ['ada', 'bob']) {
      expect((await edit(comment.id, { body: 'New' }, { sub })).status).toBe(403);
    }
    // A token without `sub`: its actor is as unknown as that of the comment.
    const token = await signToken({ tenant_id: tenant.id, role: 'member' });
    expect((await api.call(path, { method: 'PATCH', body: { body: 'New' }, token })).status).toBe(403);
    expect((await edit(comment.id, { body: 'New' }, { role: 'admin' })).status).toBe(200);
  },
);

test('what is not there is 404 to others too, and what may not be changed is 403 whatever If-Match says', async () => {
  const { comment, edit } = await world();
  expect((await edit(UNKNOWN, { body: 'x' }, { sub: 'bob' })).status).toBe(404);
  expect((await edit(comment.id, { body: 'x' }, { sub: 'bob' }, { 'If-Match': '"7.x"' })).status).toBe(403);
});

test('meets a deletion and a trashing in the order in which they come', async () => {
  const { task, comment, edit, remove, say, trash } = await world();
  const held: [string, unknown[]] = ['select from tasks where id = $1 for update', [task]];
  const replies = await inTurn(api, held, [() => remove(comment.id), () => edit(comment.id, { body: 'x' })]);
  expect(replies.map(({ status }) => status)).toEqual([204, 404]);
  const { json: other } = await say('other');
  const [gone, late] = await inTurn(api, held, [() => trash(), () => edit(other.id, { body: 'x' })]);
  expect([gone?.status, late?.status]).toEqual([204, 404]);
});

test.each([
  [{ body: null }, '/body', 'wrong_type'],
  [{ body: ' ' }, '/body', 'blank'],
  [{ body: 'x'.repeat(10_001) }, '/body', 'too_long'],
  [{ task_id: UNKNOWN }, '/task_id', 'unknown_member'],
  [{ mentions: [] }, '/mentions', 'unknown_member'],
])('refuses %j', async (body, pointer, code) => {
  const { comment, edit } = await world();
  expect(await edit(comment.id, body)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer, code }] },
  });
});
