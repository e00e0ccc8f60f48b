import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import { commentWorld } from '../comments/comment-world.ts';

const api = useApi();

interface Item {
  id: string;
  at: string;
  type: string;
  action: string;
  resource_type: string;
  comment: { body: string } | null;
}
const story = (data: Item[]) => data.map((item) => item.comment?.body ?? `${item.action} ${item.resource_type}`);

/** A task that has been changed in every way, with comments between. */
async function world() {
  const all = await commentWorld(api);
  const { tenant, project, task, ada, say, edit } = all;
  const { json: first } = await say('first');
  await tenant.call(`/api/v1/tasks/${task}`, { method: 'PATCH', body: { status: 'in_progress', tags: ['design'] } });
  const { json: blocker } = await tenant.post(`/api/v1/projects/${project}/tasks`, { title: 'blocker' });
  const { admin } = api.database;
  await admin.query('insert into assignees (tenant_id, task_id, member_id) values ($1, $2, $3)', [
    tenant.id,
    task,
    ada,
  ]);
  await admin.query('insert into dependencies (tenant_id, task_id, blocker_id) values ($1, $2, $3)', [
    tenant.id,
    task,
    blocker.id,
  ]);
  await say('second', { sub: 'bob' });
  await edit(first.id, { body: 'first, edited' });
  return { ...all, blocker: blocker.id, path: `/api/v1/tasks/${task}/activity` };
}

test('changes and comments are one story, newest first, each comment once with what it says now', async () => {
  const { tenant, task, ada, path, as } = await world();
  const { status, json } = await as(path, { sub: 'eve', role: 'viewer' });
  expect(status).toBe(200);
  expect(story(json.data).toSorted()).toEqual([
    'first, edited',
    'insert assignee',
    'insert dependency',
    'insert tagging',
    'insert task',
    'second',
    'update task',
  ]);
  expect(story(json.data)[0]).toBe('second');
  expect(story(json.data).slice(-2)).toEqual(['first, edited', 'insert task']);
  const change = json.data.find((item: Item) => item.action === 'update');
  const { json: log } = await tenant.get(`/api/v1/audit-log?resource_id=${task}&action=update`);
  const { request_id: _, ...entry } = log.data[0];
  expect(change).toEqual({ ...entry, member: null, type: 'change', comment: null });
  const said = json.data.at(-2);
  expect(said).toEqual({
    id: said.comment.id,
    at: said.comment.created_at,
    actor: 'ada',
    member: { id: ada, name: 'Ada' },
    type: 'comment',
    action: 'insert',
    resource_type: 'comment',
    resource_id: said.comment.id,
    changes: {},
    comment: (await tenant.get(`/api/v1/comments/${said.comment.id}`)).json,
  });
});

test('who acted is shown as the member of the token or of the API key', async () => {
  const { tenant, task, ada, bob, as, keyOf, path } = await world();
  const title = (n: number) => ({ method: 'PATCH', body: { title: `title ${n}` } });
  const [ofBob, ofNobody] = [await keyOf(bob), await keyOf(null)];
  await as(`/api/v1/tasks/${task}`, { sub: 'ada' }, title(1));
  await api.call(`/api/v1/tasks/${task}`, { token: ofBob.key, ...title(2) });
  await api.call(`/api/v1/tasks/${task}`, { token: ofNobody.key, ...title(3) });
  const { json } = await tenant.get(`${path}?limit=3&fields=actor,member`);
  expect(json.data).toEqual([
    { actor: ofNobody.actor, member: null },
    { actor: ofBob.actor, member: { id: bob, name: 'Bob' } },
    { actor: 'ada', member: { id: ada, name: 'Ada' } },
  ]);
});

test.each(['', '&sort=at', '&type=change', '&type=comment', '&type=comment&sort=at'])(
  'pages of any size tell the same, also by skip: limit=…%s',
  async (query) => {
    const { tenant, path } = await world();
    const { json } = await tenant.get(`${path}?limit=100&count=true${query}`);
    const ids = json.data.map(({ id }: Item) => id);
    expect(new Set(ids).size).toBe(json.page.total);
    expect(ids).toHaveLength(query.includes('change') ? 5 : query.includes('comment') ? 2 : 7);
    const times = json.data.map(({ at }: Item) => at);
    expect(times).toEqual(query.includes('sort=at') ? times.toSorted() : times.toSorted().reverse());
    for (const limit of [1, 2, 3]) {
      const walked = await walkPages<Item>(tenant, `${path}?limit=${limit}${query}`);
      expect(walked.map(({ id }) => id)).toEqual(ids);
      const skipped = await tenant.get(`${path}?limit=${limit}&skip=1&count=true${query}`);
      expect(skipped.json.page.total).toBe(ids.length);
      expect(skipped.json.data.map(({ id }: Item) => id)).toEqual(ids.slice(1, 1 + limit));
    }
  },
);

test('of one task alone', async () => {
  const { tenant, blocker } = await world();
  const { json } = await tenant.get(`/api/v1/tasks/${blocker}/activity`);
  expect(story(json.data)).toEqual(['insert task']);
});

test('a deleted comment is in it no more', async () => {
  const { tenant, remove, path } = await world();
  const { json } = await tenant.get(`${path}?type=comment`);
  await remove(json.data[0].id, { role: 'admin' });
  const { json: after } = await tenant.get(path);
  expect(story(after.data)).not.toContain('second');
  expect(after.data).toHaveLength(6);
});

test('a task that is unknown, trashed or another tenant’s is the same 404, until it is restored', async () => {
  const [mine, foreign] = [await world(), await world()];
  const unknown = await mine.tenant.get(`/api/v1/tasks/${UNKNOWN}/activity`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found', detail: 'There is no such task.' } });
  expect(anonymous((await mine.tenant.get(foreign.path)).text)).toBe(anonymous(unknown.text));
  await mine.trash();
  expect(anonymous((await mine.tenant.get(mine.path)).text)).toBe(anonymous(unknown.text));
  await mine.tenant.post(`/api/v1/tasks/${mine.task}/restore`, undefined);
  expect(story((await mine.tenant.get(mine.path)).json.data).slice(0, 2)).toEqual(['restore task', 'trash task']);
});

test.each(['type=trash', 'sort=id', 'actor=ada', 'fields=request_id'])('refuses %s', async (query) => {
  const { tenant, path } = await world();
  expect((await tenant.get(`${path}?${query}`)).status).toBe(400);
});

test('a cursor of another list, or of another type, is refused', async () => {
  const { tenant, path } = await world();
  const { json } = await tenant.get(`${path}?limit=1`);
  const other = await tenant.get(`${path.replace('activity', 'comments')}?cursor=${json.page.next_cursor}`);
  expect(other).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
  const asChange = await tenant.get(`${path}?type=change&cursor=${json.page.next_cursor}`);
  expect(asChange).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
});
