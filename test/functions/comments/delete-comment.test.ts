import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { storedRows } from '../../support/stored.ts';
import { heedsIfMatch, history, inTurn, knowsOnlyItsOwn, meetingAt, stored, type Write } from '../../support/writes.ts';
import { type Caller, commentWorld } from './comment-world.ts';

const api = useApi();

async function world(caller?: Caller) {
  const all = await commentWorld(api);
  const { json: comment } = await all.say('First', caller);
  return { ...all, comment, path: `/api/v1/comments/${comment.id}` };
}

async function make(): Promise<Write> {
  const { tenant, comment, path } = await world();
  return { tenant, table: 'comments', id: comment.id, method: 'DELETE', path };
}

heedsIfMatch(api, 204, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('is final: nothing of what it said is left, and a retry of what made it makes nothing anew', async () => {
  const { task, ada, say, edit, remove } = await commentWorld(api);
  const keyed = (key: string) => ({ 'Idempotency-Key': key });
  const { json: other } = await say('stays', undefined, keyed('other'));
  const { json } = await say(`marker-one @[${ada}]`, undefined, keyed('create'));
  await edit(json.id, { body: 'marker-two' }, undefined, keyed('edit'));
  await edit(json.id, { body: 'marker-three' });
  expect(JSON.stringify(await storedRows(api.database.admin))).toContain('marker-one');
  expect(await remove(json.id)).toMatchObject({ status: 204, text: '' });
  const rows = await storedRows(api.database.admin);
  expect(JSON.stringify(rows)).not.toMatch(/marker/);
  for (const table of ['comments', 'comment_mentions', 'comment_search']) {
    expect(JSON.stringify(rows[table]), table).not.toContain(json.id);
  }
  expect((await say(`marker-one @[${ada}]`, undefined, keyed('create'))).status).toBe(404);
  expect((await edit(json.id, { body: 'marker-two' }, undefined, keyed('edit'))).status).toBe(404);
  expect((await say('stays', undefined, keyed('other'))).json).toEqual(other);
  expect(await stored(api, { table: 'tasks', id: task })).toMatchObject({ comment_count: 1 });
});

test('the log says that there was one', async () => {
  const { tenant, comment, edit, remove } = await world();
  await edit(comment.id, { body: 'Second' });
  await remove(comment.id);
  const entries = await history(tenant, comment.id);
  expect(entries.map(({ action, actor, changes }) => [action, actor, changes])).toEqual([
    ['insert', 'ada', {}],
    ['update', 'ada', {}],
    ['delete', 'ada', {}],
  ]);
});

test('the task counts it no more; its version stays', async () => {
  const { tenant, comment, remove, say, getTask } = await world();
  await say('stays');
  const before = await getTask();
  await remove(comment.id);
  expect((await getTask()).json).toEqual({ ...before.json, comment_count: before.json.comment_count - 1 });
  expect((await tenant.get('/api/v1/comments?q=first')).json.data).toEqual([]);
});

test.each<[writer: Caller, remover: Caller, status: number]>([
  [{ sub: 'ada' }, { sub: 'ada' }, 204],
  [{ sub: 'ada' }, { sub: 'bob' }, 403],
  [{ sub: 'ada' }, { sub: 'eve', role: 'admin' }, 204],
  [{ sub: 'ada' }, { sub: 'ada', role: 'viewer' }, 403],
  [{ sub: 'eve' }, { sub: 'eve' }, 204],
  [{ sub: 'eve' }, { sub: 'ada' }, 403],
])('of what %j has said, %j is answered %i', async (writer, remover, status) => {
  const { tenant, comment, path, remove } = await world(writer);
  expect((await remove(comment.id, remover)).status).toBe(status);
  expect((await tenant.get(path)).status).toBe(status === 204 ? 404 : 200);
});

test('what is not there is 404 to others too', async () => {
  const { remove, comment, trash } = await world();
  expect((await remove(UNKNOWN, { sub: 'bob' })).status).toBe(404);
  await trash();
  expect((await remove(comment.id, { sub: 'bob' })).status).toBe(404);
});

test('of two deletions one finds it; deletions and new comments of one task leave the right count', async () => {
  const { task, comment, remove, say } = await world();
  const row = { table: 'tasks', id: task } as const;
  const { json: other } = await say('other');
  const replies = await meetingAt(api, row, () => [remove(comment.id), remove(comment.id), say('x'), remove(other.id)]);
  const statuses = replies.map(({ status }) => status);
  expect(statuses.slice(0, 2).sort()).toEqual([204, 404]);
  expect(statuses.slice(2)).toEqual([201, 204]);
  expect(await stored(api, row)).toMatchObject({ comment_count: 1 });
});

test('meets the trashing and the purge of its task, and nobody waits for the other', async () => {
  const { tenant, task, comment, remove, trash } = await world();
  const held: [string, unknown[]] = ['select from tasks where id = $1 for update', [task]];
  const purge = () => tenant.post(`/api/v1/tasks/${task}/purge`, undefined);
  const [gone, late] = await inTurn(api, held, [() => trash(), () => remove(comment.id)]);
  expect([gone?.status, late?.status]).toEqual([204, 404]);
  await tenant.post(`/api/v1/tasks/${task}/restore`, undefined);
  // The deletion holds the task when the others come; were the comment locked first, a purge could hold what it waits for.
  const replies = await inTurn(api, held, [() => remove(comment.id), () => trash()]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204]);
  expect((await purge()).status).toBe(204);
});
