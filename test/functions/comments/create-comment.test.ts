import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { history, inTurn, meetingAt, stored, waitForLocks } from '../../support/writes.ts';
import { commentWorld } from './comment-world.ts';

const api = useApi();

test('of equal requests with one Idempotency-Key one is carried out', async () => {
  const { say, getTask } = await commentWorld(api);
  const headers = { 'Idempotency-Key': 'once' };
  const replies = await Promise.all([say('x', {}, headers), say('x', {}, headers), say('x', {}, headers)]);
  expect(replies.map(({ status, json }) => [status, json.id])).toEqual(Array(3).fill([201, replies[0]?.json.id]));
  expect(replies.filter(({ headers: got }) => got.get('Idempotency-Replayed'))).toHaveLength(2);
  expect((await say('other', {}, headers)).status).toBe(422);
  expect((await getTask()).json.comment_count).toBe(1);
});

test('is kept as sent, with its author, and is found at its Location', async () => {
  const { tenant, task, ada, say } = await commentWorld(api);
  const body = ' **Hello**,\r\n\tworld  \u0958 é ';
  const { status, json, headers } = await say(body);
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    task_id: task,
    author: { id: ada, name: 'Ada' },
    actor: 'ada',
    body,
    mentions: [],
    version: 1,
    created_at: json.updated_at,
    updated_at: expect.any(String),
    edited_at: null,
  });
  expect(headers.get('Location')).toBe(`/api/v1/comments/${json.id}`);
  const got = await tenant.get(`/api/v1/comments/${json.id}`);
  expect(got.json).toEqual(json);
  expect(got.headers.get('ETag')).toBe(headers.get('ETag'));
  expect(await history(tenant, json.id)).toMatchObject([
    { action: 'insert', resource_type: 'comment', actor: 'ada', changes: { body: [null, body] } },
  ]);
});

test('who is no member is no author, but is named as the actor', async () => {
  const { say } = await commentWorld(api);
  expect((await say('x', { sub: 'eve' })).json).toMatchObject({ author: null, actor: 'eve' });
});

test('an API key writes for its member, who may change it; one without a member only by itself', async () => {
  const { task, bob, keyOf, edit } = await commentWorld(api);
  const [ofBob, ofNobody, another] = [await keyOf(bob), await keyOf(null), await keyOf(null)];
  const by = ({ key }: { key: string }, path: string, method: string) =>
    api.call(path, { token: key, method, body: { body: 'By a script' } });
  const { json: comment } = await by(ofBob, `/api/v1/tasks/${task}/comments`, 'POST');
  expect(comment).toMatchObject({ author: { id: bob }, actor: ofBob.actor });
  expect((await edit(comment.id, { body: 'By hand' }, { sub: 'bob' })).status).toBe(200);
  const { json: own } = await by(ofNobody, `/api/v1/tasks/${task}/comments`, 'POST');
  expect(own).toMatchObject({ author: null, actor: ofNobody.actor });
  expect((await by(another, `/api/v1/comments/${own.id}`, 'PATCH')).status).toBe(403);
  expect((await by(ofNobody, `/api/v1/comments/${own.id}`, 'PATCH')).status).toBe(200);
});

test('mentions are made of the text: in order, each once, in any case; deactivated members too', async () => {
  const { ada, bob, zoe, say } = await commentWorld(api);
  const { json, status } = await say(`@[${zoe.toUpperCase()}] @[${ada}]@[${bob}], @[${zoe}] and again @[${ada}]`);
  expect(status).toBe(201);
  expect(json.mentions).toEqual([
    { id: zoe, name: 'Zoe' },
    { id: ada, name: 'Ada' },
    { id: bob, name: 'Bob' },
  ]);
});

test('anything else in @[…] is text', async () => {
  const { ada, say } = await commentWorld(api);
  const texts = ['@[]', '@[Ada]', `@[ ${ada}]`, `@[${ada} ]`, `@[${ada}`, `@${ada}`, `[${ada}]`, `@[${ada}0]`];
  const { json, status } = await say([...texts, `@[${ada.replaceAll('-', '')}]`].join(' '));
  expect([status, json.mentions]).toEqual([201, []]);
});

test('who is unknown cannot be mentioned, nor another tenant’s member', async () => {
  const { tenant, ada, say, getTask } = await commentWorld(api);
  const foreign = await commentWorld(api);
  const unknown = await say(`@[${ada}] @[${UNKNOWN}]`);
  expect(unknown).toMatchObject({
    status: 422,
    json: { code: 'unprocessable', errors: [{ pointer: '/body', code: 'unknown' }] },
  });
  expect(anonymous((await say(`@[${ada}] @[${foreign.ada}]`)).text)).toBe(anonymous(unknown.text));
  expect((await getTask()).json.comment_count).toBe(0);
  expect((await tenant.get('/api/v1/comments')).json.data).toEqual([]);
});

test('at most 20 different members', async () => {
  const { tenant, say } = await commentWorld(api);
  const { rows } = await api.database.admin.query(
    `insert into members (tenant_id, name) select $1, 'm' from generate_series(1, 21) returning id`,
    [tenant.id],
  );
  const all = rows.map(({ id }) => `@[${id}]`);
  const twenty = await say([...all.slice(0, 20), ...all.slice(0, 20)].join(''));
  expect([twenty.status, twenty.json.mentions.length]).toEqual([201, 20]);
  expect(await say(all.join(''))).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer: '/body', code: 'too_many_mentions' }] },
  });
});

test.each([
  ['', 'blank'],
  [' \n\t\u200b', 'blank'],
  ['x'.repeat(10_001), 'too_long'],
  ['a\u0000', 'control_character'],
  ['a\u001b[0m', 'control_character'],
  [null, 'wrong_type'],
  [1, 'wrong_type'],
])('refuses %j', async (body, code) => {
  const { say } = await commentWorld(api);
  expect(await say(body)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer: '/body', code }] },
  });
});

test('lengths are code points', async () => {
  const { say } = await commentWorld(api);
  expect((await say('😀'.repeat(10_000))).status).toBe(201);
});

test('the task counts it, in its entity tag too, but in no version', async () => {
  const { tenant, task, say, getTask } = await commentWorld(api);
  const before = await getTask();
  await say('one');
  await say('two');
  const after = await getTask();
  expect(after.json).toEqual({ ...before.json, comment_count: 2 });
  expect(after.headers.get('ETag')).not.toBe(before.headers.get('ETag'));
  const patch = { method: 'PATCH', body: { title: 'New' }, headers: { 'If-Match': before.headers.get('ETag') ?? '' } };
  expect((await tenant.call(`/api/v1/tasks/${task}`, patch)).json).toMatchObject({ version: 2, comment_count: 2 });
});

test('a task that is unknown, trashed or another tenant’s is the same 404', async () => {
  const [mine, foreign] = [await commentWorld(api), await commentWorld(api)];
  const at = (task: string) => mine.tenant.post(`/api/v1/tasks/${task}/comments`, { body: 'x' });
  const unknown = await at(UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await at(foreign.task)).text)).toBe(anonymous(unknown.text));
  await mine.trash();
  expect(anonymous((await at(mine.task)).text)).toBe(anonymous(unknown.text));
});

test('a viewer may not', async () => {
  const { say } = await commentWorld(api);
  expect(await say('x', { role: 'viewer' })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});

test('30 comments on one task at once are all there and counted', async () => {
  const { tenant, task, say, getTask } = await commentWorld(api);
  const replies = await Promise.all(Array.from({ length: 30 }, (_, n) => say(`comment ${n}`)));
  expect(replies.map(({ status }) => status)).toEqual(Array(30).fill(201));
  expect((await getTask()).json.comment_count).toBe(30);
  expect((await tenant.get(`/api/v1/tasks/${task}/comments?count=true`)).json.page.total).toBe(30);
});

test('meets others at the task’s lock, and who trashes it first wins', async () => {
  const { task, say, trash } = await commentWorld(api);
  const row = { table: 'tasks', id: task } as const;
  const both = await meetingAt(api, row, () => [say('one'), say('two')]);
  expect(both.map(({ status }) => status)).toEqual([201, 201]);
  const held: [string, unknown[]] = ['select from tasks where id = $1 for update', [task]];
  const [gone, late] = await inTurn(api, held, [() => trash(), () => say('late')]);
  expect([gone?.status, late?.status]).toEqual([204, 404]);
  expect(await stored(api, row)).toMatchObject({ comment_count: 2 });
});

test.each(['author', 'mentioned'])('whose purge is under way is waited for, and then unknown: %s', async (who) => {
  const { ada, bob, say } = await commentWorld(api);
  const { admin } = api.database;
  await admin.query('begin');
  await admin.query('delete from members where id = $1', [who === 'author' ? ada : bob]);
  const said = say(who === 'author' ? 'x' : `@[${bob}]`);
  expect(await waitForLocks(api, 1)).toBe(1);
  await admin.query('commit');
  const expected = who === 'author' ? { status: 201, json: { author: null } } : { status: 422 };
  expect(await said).toMatchObject(expected);
});
