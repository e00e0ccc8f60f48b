import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

interface Item {
  id: string;
  at: string;
  action: string;
  resource_type: string;
  resource_id: string;
  comment: { body: string } | null;
}
const story = (data: Item[]) => data.map((item) => item.comment?.body ?? `${item.action} ${item.resource_type}`);

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [{ title: 'a', tags: ['t'], subtasks: [{ title: 'a1' }] }, { title: 'b' }, { title: 'c' }],
  });
  const tasks: string[] = json.tasks.map(({ id }: Item) => id);
  const say = (n: number, body: string) => tenant.post(`/api/v1/tasks/${tasks[n]}/comments`, { body });
  const edit = (n: number, title: string) =>
    tenant.call(`/api/v1/tasks/${tasks[n]}`, { method: 'PATCH', body: { title } });
  const trash = (n: number) => tenant.call(`/api/v1/tasks/${tasks[n]}`, { method: 'DELETE' });
  const path = `/api/v1/projects/${json.id}/activity`;
  const get = async (query = 'limit=100') => story((await tenant.get(`${path}?${query}`)).json.data);
  return { tenant, project: json.id as string, tasks, say, edit, trash, path, get };
}

test('its own changes, its tasks’ and their comments, newest first, to viewers too', async () => {
  const { tenant, project, say, edit, path } = await world();
  await say(0, 'on a');
  await edit(1, 'A1');
  await say(2, 'on b');
  await tenant.call(`/api/v1/projects/${project}`, { method: 'PATCH', body: { name: 'Q' } });
  await say(1, 'on a1');
  const { json } = await tenant.get(`${path}?limit=100&count=true`, { role: 'viewer' });
  expect(story(json.data).slice(0, 5)).toEqual(['on a1', 'update project', 'on b', 'update task', 'on a']);
  expect(story(json.data.slice(5)).sort()).toEqual([
    'insert project',
    'insert tagging',
    ...Array(4).fill('insert task'),
  ]);
  expect(json.page.total).toBe(11);
  expect(json.data[0]).toMatchObject({ type: 'comment', resource_id: json.data[0].comment.id, changes: {} });
  expect(json.data[1]).toMatchObject({ type: 'change', resource_id: project, changes: { name: ['P', 'Q'] } });
});

test('of tasks in the trash the changes, but no comments', async () => {
  const { say, trash, get } = await world();
  await say(0, 'on a');
  await say(3, 'on c');
  await trash(0);
  expect((await get()).slice(0, 3)).toEqual(['trash task', 'trash task', 'on c']);
  expect(await get('type=comment')).toEqual(['on c']);
  expect(await get()).not.toContain('on a');
});

test('a task that moves takes its story along', async () => {
  const { tenant, tasks, say, get } = await world();
  await say(2, 'on b');
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Other' });
  await tenant.call(`/api/v1/tasks/${tasks[2]}`, { method: 'PATCH', body: { project_id: other.id } });
  expect(await get()).not.toContain('on b');
  const { json } = await tenant.get(`/api/v1/projects/${other.id}/activity`);
  expect(story(json.data)).toContain('on b');
});

test.each(['', '&sort=at', '&type=change', '&type=comment'])(
  'pages of any size tell the same, however the tasks’ entries lie: limit=…%s',
  async (query) => {
    const { tenant, say, edit, trash, path } = await world();
    for (let n = 0; n < 12; n++) await (n % 3 === 0 ? edit(n % 2, `title ${n}`) : say((n * n) % 4, `comment ${n}`));
    await trash(3);
    const { json } = await tenant.get(`${path}?limit=100&count=true${query}`);
    const ids = json.data.map(({ id }: Item) => id);
    expect([new Set(ids).size, ids.length]).toEqual([json.page.total, json.page.total]);
    const times = json.data.map(({ at }: Item) => at);
    expect(times).toEqual(query === '&sort=at' ? times.toSorted() : times.toSorted().reverse());
    for (const limit of [1, 2, 5]) {
      const walked = await walkPages<Item>(tenant, `${path}?limit=${limit}${query}`);
      expect(walked.map(({ id }) => id)).toEqual(ids);
      const skipped = await tenant.get(`${path}?limit=${limit}&skip=3&count=true${query}`);
      expect(skipped.json.page.total).toBe(ids.length);
      expect(skipped.json.data.map(({ id }: Item) => id)).toEqual(ids.slice(3, 3 + limit));
    }
  },
);

test('what happens meanwhile moves nothing on later pages', async () => {
  const { tenant, say, path } = await world();
  for (let n = 0; n < 5; n++) await say(n % 4, `comment ${n}`);
  const before = (await tenant.get(`${path}?limit=100`)).json.data.map(({ id }: Item) => id);
  const walked = await walkPages<Item>(tenant, `${path}?limit=3`, () => say(0, 'later'));
  expect(walked.map(({ id }) => id)).toEqual(before);
});

test('a project that is unknown, trashed or another tenant’s is the same 404, until it is restored', async () => {
  const [mine, foreign] = [await world(), await world()];
  const unknown = await mine.tenant.get(`/api/v1/projects/${UNKNOWN}/activity`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found', detail: 'There is no such project.' } });
  expect(anonymous((await mine.tenant.get(foreign.path)).text)).toBe(anonymous(unknown.text));
  await mine.tenant.call(`/api/v1/projects/${mine.project}`, { method: 'DELETE' });
  expect(anonymous((await mine.tenant.get(mine.path)).text)).toBe(anonymous(unknown.text));
  await mine.tenant.post(`/api/v1/projects/${mine.project}/restore`, undefined);
  expect(await mine.get('limit=100&type=change')).toContain('restore project');
});
