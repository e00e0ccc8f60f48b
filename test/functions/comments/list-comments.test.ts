import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { commentWorld } from './comment-world.ts';

const api = useApi();

async function world() {
  const all = await commentWorld(api);
  const { ada, bob, say } = all;
  await say('Café at noon', { sub: 'ada' });
  await say(`Ask @[${ada}] about the café`, { sub: 'bob' });
  await say(`@[${bob}] and @[${ada}]: done`, { sub: 'eve' });
  const list = async (query = '', sub = 'ada') => {
    const { json, status, text } = await all.as(`/api/v1/comments?${query}`, { sub, role: 'viewer' });
    expect(status, text).toBe(200);
    return json.data.map(({ actor }: { actor: string }) => actor) as string[];
  };
  return { ...all, list };
}

test('newest first, of all tasks', async () => {
  const { tenant, project, list } = await world();
  const { json } = await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'other' });
  await tenant.post(`/api/v1/tasks/${json.id}/comments`, { body: 'elsewhere' });
  expect(await list()).toEqual(['tester', 'eve', 'bob', 'ada']);
  expect(await list('sort=created_at')).toEqual(['ada', 'bob', 'eve', 'tester']);
  expect((await walkPages<{ actor: string }>(tenant, '/api/v1/comments?limit=1')).map(({ actor }) => actor)).toEqual(
    await list(),
  );
});

test('by author and by mention: an id, or me', async () => {
  const { ada, bob, zoe, list } = await world();
  expect(await list(`author=${ada}`)).toEqual(['ada']);
  expect(await list(`author=${bob.toUpperCase()}`)).toEqual(['bob']);
  expect(await list(`mentions=${ada}`)).toEqual(['eve', 'bob']);
  expect(await list(`mentions=${ada}&author=${bob}`)).toEqual(['bob']);
  expect(await list(`author=${zoe}`)).toEqual([]);
  expect(await list('author=me', 'bob')).toEqual(['bob']);
  expect(await list('mentions=me', 'bob')).toEqual(['eve']);
  expect([await list('author=me', 'eve'), await list('mentions=me', 'eve')]).toEqual([[], []]);
});

test('an id that is unknown or another tenant’s gives no rows', async () => {
  const [{ list }, foreign] = [await world(), await world()];
  for (const id of [UNKNOWN, foreign.ada]) {
    for (const filter of ['author', 'mentions']) expect(await list(`${filter}=${id}`)).toEqual([]);
  }
});

test('by words, and by time', async () => {
  const { tenant, list } = await world();
  expect(await list('q=cafe')).toEqual(['bob', 'ada']);
  expect(await list('q=caf%C3%A9+NOO')).toEqual(['ada']);
  expect(await list('q=%21')).toEqual([]);
  const { json } = await tenant.get('/api/v1/comments?sort=created_at');
  const [first, , last] = json.data.map(({ created_at }: { created_at: string }) => created_at);
  expect(await list(`created_after=${first}`)).toEqual(['eve', 'bob']);
  expect(await list(`created_before=${last}&count=true`)).toEqual(['bob', 'ada']);
});

test('those of trashed tasks and projects are not there until they are restored', async () => {
  for (const what of ['task', 'project'] as const) {
    const { tenant, task, project, list, trash } = await world();
    await trash(what);
    for (const query of ['', 'author=me', 'mentions=me', 'q=cafe']) expect(await list(query), query).toEqual([]);
    expect((await tenant.get('/api/v1/comments?count=true')).json.page.total).toBe(0);
    await tenant.post(`/api/v1/${what}s/${what === 'task' ? task : project}/restore`, undefined);
    expect(await list()).toHaveLength(3);
  }
});

test.each([
  ['author=none', '?author', 400],
  ['mentions=Me', '?mentions', 400],
  ['updated_after=2026-01-01T00:00:00Z', '?updated_after', 400],
  ['sort=updated_at', '?sort', 400],
  ['created_after=2026-01-02T00:00:00Z&created_before=2026-01-01T00:00:00Z', '?created_before', 422],
])('refuses %s', async (query, pointer, status) => {
  const tenant = await api.tenant();
  expect(await tenant.get(`/api/v1/comments?${query}`)).toMatchObject({ status, json: { errors: [{ pointer }] } });
});
