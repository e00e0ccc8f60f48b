import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { commentWorld } from './comment-world.ts';

const api = useApi();

async function world() {
  const all = await commentWorld(api);
  for (const text of ['one', 'two', 'three', 'four', 'five']) await all.say(text);
  return { ...all, path: `/api/v1/tasks/${all.task}/comments` };
}

const texts = (data: { body: string }[]) => data.map(({ body }) => body);

test('oldest first, each as by itself, to viewers too', async () => {
  const { tenant, task, as, path } = await world();
  await tenant.post(`/api/v1/tasks/${task}/comments`, { body: 'six' });
  const { status, json } = await as(path, { sub: 'eve', role: 'viewer' });
  expect(status).toBe(200);
  expect(texts(json.data)).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
  expect((await tenant.get(`/api/v1/comments/${json.data[1].id}`)).json).toEqual(json.data[1]);
});

test('newest first by sort; pages by cursor and by skip; fields; count', async () => {
  const { tenant, path } = await world();
  expect(texts((await tenant.get(`${path}?sort=-created_at`)).json.data)).toEqual([
    'five',
    'four',
    'three',
    'two',
    'one',
  ]);
  expect(texts(await walkPages(tenant, `${path}?limit=2`))).toEqual(['one', 'two', 'three', 'four', 'five']);
  const { json } = await tenant.get(`${path}?skip=3&limit=1&fields=body&count=true`);
  expect(json).toMatchObject({ data: [{ body: 'four' }], page: { has_more: true, total: 5 } });
  expect(Object.keys(json.data[0])).toEqual(['body']);
});

test('a comment that is made or deleted meanwhile moves no other', async () => {
  const { tenant, say, remove, path } = await world();
  const { json: first } = await tenant.get(`${path}?limit=1`);
  let done = false;
  const seen = await walkPages<{ body: string }>(tenant, `${path}?limit=2`, async () => {
    if (done) return;
    done = true;
    await remove(first.data[0].id);
    await say('six');
  });
  expect(texts(seen)).toEqual(['one', 'two', 'three', 'four', 'five', 'six']);
});

test('of one task alone', async () => {
  const { tenant, project, path } = await world();
  const { json: other } = await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'other' });
  await tenant.post(`/api/v1/tasks/${other.id}/comments`, { body: 'elsewhere' });
  expect(texts((await tenant.get(path)).json.data)).not.toContain('elsewhere');
  expect(texts((await tenant.get(`/api/v1/tasks/${other.id}/comments`)).json.data)).toEqual(['elsewhere']);
});

test('a task that is unknown, trashed or another tenant’s is the same 404, until it is restored', async () => {
  const [mine, foreign] = [await world(), await world()];
  const unknown = await mine.tenant.get(`/api/v1/tasks/${UNKNOWN}/comments`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found', detail: 'There is no such task.' } });
  expect(anonymous((await mine.tenant.get(foreign.path)).text)).toBe(anonymous(unknown.text));
  await mine.trash();
  expect(anonymous((await mine.tenant.get(mine.path)).text)).toBe(anonymous(unknown.text));
  await mine.tenant.post(`/api/v1/tasks/${mine.task}/restore`, undefined);
  expect((await mine.tenant.get(mine.path)).json.data).toHaveLength(5);
});

test('a cursor of another task, or of all comments, is refused', async () => {
  const [mine, other] = [await world(), await world()];
  const { json } = await mine.tenant.get(`${mine.path}?limit=1`);
  for (const path of [other.path, '/api/v1/comments']) {
    const reply = await mine.tenant.get(`${path}?cursor=${json.page.next_cursor}`);
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
  }
});
