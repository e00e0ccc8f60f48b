import pg from 'pg';
import { expect, test } from 'vitest';
import { purge } from '../../src/scheduled/purge.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { seededRandom } from '../support/random.ts';
import { inTurn, waitForLocks } from '../support/writes.ts';

/*
 * The tags of a task stand on it as finished JSON. What callers see must be what the taggings say, whatever has happened to
 * the tags, before and after the scheduled function has brought the texts up to date.
 */

const api = useApi();

interface Tag {
  id: string;
  name: string;
  color: string | null;
}

/** What the tenant's live tasks have for tags, by their titles: as the API shows it, and as the tables have it. */
async function shownAndTrue(tenant: TestTenant) {
  const shown: Record<string, Tag[]> = {};
  for (const { title, tags } of (await tenant.get('/api/v1/tasks?limit=100')).json.data) shown[title] = tags;
  const { rows } = await api.database.admin.query<{ title: string; tags: Tag[] }>(
    `select title, coalesce(json_agg(json_build_object('id', tags.id, 'name', tags.name, 'color', color)
       order by tags.name, tags.id) filter (where tags.id is not null), '[]') as tags
     from tasks left join task_tags on task_id = tasks.id left join tags on tags.id = tag_id
     where tasks.tenant_id = $1 and deleted_at is null group by tasks.tenant_id, tasks.id`,
    [tenant.id],
  );
  return [shown, Object.fromEntries(rows.map(({ title, tags }) => [title, tags]))];
}

/** The titles of tasks whose text is not what the tables say. */
async function outOfDate(tenant: TestTenant): Promise<string[]> {
  const { rows } = await api.database.admin.query(
    'select title from tasks where tenant_id = $1 and tags_json <> tags_json_of(tenant_id, id) order by title',
    [tenant.id],
  );
  return rows.map(({ title }) => title);
}

const isMarked = async (tenant: TestTenant) =>
  (await api.database.admin.query('select from stale_tags_json where tenant_id = $1', [tenant.id])).rowCount === 1;

const refresh = (tasks: number) => api.database.admin.query('select refresh_tags_json($1) as more', [tasks]);

async function world(tenant: TestTenant) {
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'a', tags: ['one', 'two'], subtasks: [{ title: 'a1', tags: ['Two', 'three "quoted" \\ ☂'] }] },
      { title: 'b', tags: ['one'] },
      { title: 'c' },
    ],
  });
  const tags: Tag[] = (await tenant.get('/api/v1/tags')).json.data;
  const tagId = (name: string) => tags.find((tag) => tag.name === name)?.id as string;
  const taskId = (title: string) => json.tasks.find((task: { title: string }) => task.title === title).id as string;
  return { project: json, tagId, taskId };
}

const patch = (tenant: TestTenant, path: string, body: unknown) =>
  tenant.call(`/api/v1/${path}`, { method: 'PATCH', body });

test('tasks show what their taggings say after every kind of change', async () => {
  const tenant = await api.tenant();
  const { project, tagId, taskId } = await world(tenant);
  const agree = async () => {
    const [shown, stored] = await shownAndTrue(tenant);
    expect(shown).toEqual(stored);
    return shown;
  };
  await agree();
  expect(await isMarked(tenant)).toBe(false);
  await tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: 'd', tags: ['four', 'one'] });
  await patch(tenant, `tasks/${taskId('c')}`, { tags: ['four'] });
  await patch(tenant, `tasks/${taskId('a')}`, { tags: { add: ['five'], remove: ['two'] }, title: 'A' });
  await tenant.call(`/api/v1/tasks/${taskId('b')}/tags/${tagId('two')}`, { method: 'PUT' });
  await tenant.call(`/api/v1/tasks/${taskId('b')}/tags/${tagId('one')}`, { method: 'DELETE' });
  expect(
    Object.fromEntries(
      Object.entries((await agree()) ?? {}).map(([title, tags]) => [title, tags.map(({ name }) => name)]),
    ),
  ).toEqual({
    A: ['five', 'one'],
    a1: ['three "quoted" \\ ☂', 'two'],
    b: ['two'],
    c: ['four'],
    d: ['four', 'one'],
  });
  // None of that leaves a text to be brought up to date.
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test.each([
  ['a new name', (tenant: TestTenant, id: string) => patch(tenant, `tags/${id}`, { name: 'zero' })],
  ['the name in another spelling', (tenant: TestTenant, id: string) => patch(tenant, `tags/${id}`, { name: 'ONE' })],
  ['a color', (tenant: TestTenant, id: string) => patch(tenant, `tags/${id}`, { color: '#123456' })],
  ['its deletion', (tenant: TestTenant, id: string) => tenant.call(`/api/v1/tags/${id}`, { method: 'DELETE' })],
])('%s of a tag shows at once, changes no task, and is written by the scheduled function', async (_, change) => {
  const [tenant, other] = [await api.tenant(), await api.tenant()];
  const { project, tagId } = await world(tenant);
  await world(other);
  const path = `/api/v1/projects/${project.id}`;
  const before = await tenant.get(path);
  const rows = () => api.database.admin.query('select title, version, updated_at from tasks order by id');
  const stored = (await rows()).rows;
  expect((await change(tenant, tagId('one'))).status).toBeLessThan(300);
  expect(await outOfDate(tenant)).toEqual(['a', 'b']);
  expect([await isMarked(tenant), await isMarked(other)]).toEqual([true, false]);

  const after = await tenant.get(path);
  expect(after.headers.get('ETag')).not.toBe(before.headers.get('ETag'));
  const agree = async () => {
    const [shown, truth] = await shownAndTrue(tenant);
    expect(shown).toEqual(truth);
  };
  await agree();
  await purge(api.bindings);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
  await agree();
  const { headers, text } = await tenant.get(path);
  expect([headers.get('ETag'), text]).toEqual([after.headers.get('ETag'), after.text]);
  expect((await rows()).rows).toEqual(stored);
});

test('a tag that no task has is changed without a mark', async () => {
  const tenant = await api.tenant();
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'lonely' });
  await patch(tenant, `tags/${tag.id}`, { name: 'alone' });
  await tenant.call(`/api/v1/tags/${tag.id}`, { method: 'DELETE' });
  expect(await isMarked(tenant)).toBe(false);
});

test('a change in the middle of it has the refresh begin again', async () => {
  const tenant = await api.tenant();
  const { tagId } = await world(tenant);
  await patch(tenant, `tags/${tagId('one')}`, { name: 'uno' });
  await refresh(3);
  await patch(tenant, `tags/${tagId('two')}`, { name: 'due' });
  while ((await refresh(1)).rows[0].more);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test.each([
  ['name', { name: 'uno' }],
  ['color', { color: '#abcdef' }],
])('a %s that changes while a task is tagged is seen by one of the two', async (_, change) => {
  for (const order of ['tagging first', 'change first']) {
    const tenant = await api.tenant();
    const { tagId, taskId } = await world(tenant);
    const tag = () => tenant.call(`/api/v1/tasks/${taskId('c')}/tags/${tagId('one')}`, { method: 'PUT' });
    const rename = () => patch(tenant, `tags/${tagId('one')}`, change);
    const replies = await inTurn(
      api,
      ['select from tags where id = $1 for update', [tagId('one')]],
      order === 'tagging first' ? [tag, rename] : [rename, tag],
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 204]);
    const [shown, stored] = await shownAndTrue(tenant);
    expect(shown, order).toEqual(stored);
    while ((await refresh(2)).rows[0].more);
    expect([await outOfDate(tenant), await isMarked(tenant)], order).toEqual([[], false]);
  }
});

/** Runs two statements at a time, each in a session of its own: the second comes to wait for the first, which then commits. */
async function meeting(first: [string, unknown[]], second: [string, unknown[]]): Promise<void> {
  const { host, port, user, password, database } = api.database.admin;
  const sessions = [1, 2].map(() => new pg.Client({ host, port, user, database, password: password as string }));
  const [one, two] = sessions as [pg.Client, pg.Client];
  try {
    for (const session of sessions) await session.connect();
    await one.query('begin');
    await one.query(...first);
    const waiting = two.query(...second);
    expect(await waitForLocks(api, 1)).toBe(1);
    await one.query('commit');
    await waiting;
  } finally {
    for (const session of sessions) await session.end();
  }
}

const insertTagging = 'insert into task_tags (tenant_id, task_id, tag_id) values ($1, $2, $3)';

test('of two taggings of one task at a time, past the API, both are in its text', async () => {
  const tenant = await api.tenant();
  const { tagId, taskId } = await world(tenant);
  const [one, two] = ['one', 'two'].map((name) => [tenant.id, taskId('c'), tagId(name)]) as [unknown[], unknown[]];
  await meeting([insertTagging, one], [insertTagging, two]);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test('the refresh leaves a task that is being tagged for later, and keeps the new tag', async () => {
  const tenant = await api.tenant();
  const { tagId, taskId } = await world(tenant);
  await patch(tenant, `tags/${tagId('one')}`, { name: 'uno' });
  const { host, port, user, password, database } = api.database.admin;
  const session = new pg.Client({ host, port, user, database, password: password as string });
  await session.connect();
  await session.query('begin');
  await session.query(insertTagging, [tenant.id, taskId('a'), tagId('three "quoted" \\ ☂')]);
  await refresh(100);
  // The first of both is held, so the other one is looked at again, too.
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([['a'], true]);
  await session.query('commit');
  await session.end();
  while ((await refresh(100)).rows[0].more);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test('one step goes on to the next tenant, and those that wait take turns', async () => {
  const tenants = await Promise.all([1, 2, 3].map(() => api.tenant()));
  for (const tenant of tenants) {
    const { tagId } = await world(tenant);
    await patch(tenant, `tags/${tagId('one')}`, { name: 'uno' });
  }
  const marked = async () => (await Promise.all(tenants.map(isMarked))).filter(Boolean).length;
  // One task of one tenant at a time: nobody is finished before each of them has had a turn.
  for (let n = 0; n < 3; n++) await refresh(1);
  const { rows } = await api.database.admin.query('select from stale_tags_json where refreshed_to is not null');
  expect([rows.length, await marked()]).toEqual([3, 3]);
  await refresh(100);
  expect(await marked()).toBe(0);
});

test('many at once leave nothing that is out of date and not marked', { timeout: 60_000 }, async () => {
  const tenant = await api.tenant();
  const { project, taskId, tagId } = await world(tenant);
  const random = seededRandom('tags');
  const integer = (below: number) => Math.floor(random() * below);
  const pick = <T>(list: T[]): T => list[integer(list.length)] as T;
  const names = ['one', 'two', 'six', 'seven', 'Eight'];
  const tasks = ['a', 'b', 'c'].map(taskId);
  const operations = [
    () => patch(tenant, `tasks/${pick(tasks)}`, { tags: [pick(names), pick(names)] }),
    () => patch(tenant, `tasks/${pick(tasks)}`, { tags: { add: [pick(names)], remove: [] } }),
    () => patch(tenant, `tags/${tagId('two')}`, { name: `two ${integer(1000)}` }),
    () => patch(tenant, `tags/${tagId('one')}`, { color: `#00000${integer(10)}` }),
    () => tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: `t${random()}`, tags: [pick(names)] }),
    async () => {
      const { json } = await tenant.get('/api/v1/tags');
      const { id } = pick<Tag>(json.data);
      return id === tagId('one') || id === tagId('two')
        ? json
        : tenant.call(`/api/v1/tags/${id}`, { method: 'DELETE' });
    },
    () => refresh(2),
  ];
  const worker = async () => {
    for (let n = 0; n < 25; n++) {
      const { status = 200 } = (await pick(operations)()) as { status?: number };
      expect([200, 201, 204, 404, 409]).toContain(status);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker(), worker(), worker()]);
  const [shown, stored] = await shownAndTrue(tenant);
  expect(shown).toEqual(stored);
  while ((await refresh(2)).rows[0].more);
  expect(await outOfDate(tenant)).toEqual([]);
});
