import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { heedsIfMatch, history, knowsOnlyItsOwn, meetingAt, type Write } from '../../support/writes.ts';
import { blockersWorld } from './blockers-world.ts';

const api = useApi();

async function world() {
  const made = await blockersWorld(api);
  await made.put('a', 'b');
  await made.put('a', 'c');
  return made;
}

async function make(): Promise<Write> {
  const { tenant, id, at } = await world();
  return { tenant, table: 'tasks', id: id('a'), method: 'DELETE', path: `${at('a')}/blockers/${id('b')}` };
}

knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});
heedsIfMatch(api, 204, make);

test('takes the blocker off, which is a change of this task alone', async () => {
  const { tenant, id, off, shown } = await world();
  expect(await off('a', 'b')).toMatchObject({ status: 204, text: '' });
  expect(await shown('a')).toMatchObject({ version: 4, is_blocked: true, blocked_by: [{ title: 'c' }] });
  expect(await shown('b')).toMatchObject({ version: 1, blocks: [] });
  expect((await history(tenant, id('a'))).at(-1)).toMatchObject({
    action: 'delete',
    resource_type: 'dependency',
    changes: { blocker_id: [id('b'), null] },
  });
  await off('a', 'c');
  expect(await shown('a')).toMatchObject({ version: 5, is_blocked: false, blocked_by: [] });
});

test('what does not block the task changes nothing', async () => {
  const { tenant, id, at, off } = await world();
  await off('a', 'b');
  const before = [(await tenant.get(at('a'))).text, await history(tenant, id('a'))];
  const replies = await Promise.all([off('a', 'b'), off('a', 'b'), off('a', 'a')]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect([(await tenant.get(at('a'))).text, await history(tenant, id('a'))]).toEqual(before);
});

test('at once it is taken off once', async () => {
  const { id, off, shown } = await world();
  const replies = await meetingAt(api, { table: 'tasks', id: id('a') }, () => [off('a', 'b'), off('a', 'b')]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204]);
  expect(await shown('a')).toMatchObject({ version: 4, blocked_by: [{ title: 'c' }] });
});

test('a blocker that is in the trash can be taken off', async () => {
  const { off, trash, restore, shown } = await world();
  await trash('b');
  expect((await off('a', 'b')).status).toBe(204);
  await restore('b');
  expect(await shown('a')).toMatchObject({ version: 4, blocked_by: [{ title: 'c' }] });
});

test('a blocker that is unknown, purged or another tenant’s is the same 404', async () => {
  const { off, purge, shown } = await world();
  const stranger = await world();
  const unknown = await off('a', UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await off('a', stranger.id('b'))).text)).toBe(anonymous(unknown.text));
  await purge('b');
  expect(anonymous((await off('a', 'b')).text)).toBe(anonymous(unknown.text));
  expect(await off('a', 'x')).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
  expect(await shown('a')).toMatchObject({ version: 3, blocked_by: [{ title: 'c' }] });
});

test('what blocked the task may be blocked by it afterwards', async () => {
  const { put, off } = await world();
  expect((await put('b', 'a')).status).toBe(409);
  await off('a', 'b');
  expect((await put('b', 'a')).status).toBe(204);
});

test('a viewer may not', async () => {
  const { off } = await world();
  expect(await off('a', 'b', { role: 'viewer' })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
