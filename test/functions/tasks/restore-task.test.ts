import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { heedsIdempotencyKey, heedsIfMatch, history, knowsOnlyItsOwn, type Write } from '../../support/writes.ts';

const api = useApi();

interface Shown {
  id: string;
  title: string;
}

async function world() {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      {
        title: 'root',
        tags: ['t'],
        subtasks: [
          { title: 'low', subtasks: [{ title: 'lowest' }] },
          { title: 'early', subtasks: [{ title: 'earliest' }] },
        ],
      },
      { title: 'beside' },
    ],
  });
  const id = (title: string): string => json.tasks.find((task: Shown) => task.title === title).id;
  const trash = (title: string) => tenant.call(`/api/v1/tasks/${id(title)}`, { method: 'DELETE' });
  const restore = (title: string) => tenant.post(`/api/v1/tasks/${id(title)}/restore`, undefined);
  const live = async () =>
    (await tenant.get(`/api/v1/projects/${json.id}`)).json.tasks.map(({ title }: Shown) => title);
  return { tenant, project: json.id as string, tasks: json.tasks, id, trash, restore, live };
}

async function make(): Promise<Write> {
  const { tenant, id, trash } = await world();
  await trash('root');
  const root = id('root');
  return { tenant, table: 'tasks', id: root, method: 'POST', path: `/api/v1/tasks/${root}/restore` };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make);

/** The part of the ETag that `If-Match` compares. */
const versionOf = ({ headers }: { headers: Headers }) => headers.get('ETag')?.split('.')[0];

test('brings back what went along, as it was, and answers as GET does, without dependencies', async () => {
  const { tenant, project, tasks, id, trash, restore, live } = await world();
  await trash('root');
  const { status, json, headers } = await restore('root');
  expect(status).toBe(200);
  expect(json).toEqual({
    ...tasks[0],
    version: 3,
    updated_at: json.updated_at,
    project: { id: project, name: 'P' },
  });
  const got = await tenant.get(`/api/v1/tasks/${id('root')}`);
  expect(got.json).toEqual({ ...json, blocked_by: [], blocks: [] });
  expect(versionOf(got)).toBe(versionOf({ headers }));
  expect(await live()).toEqual(['root', 'low', 'lowest', 'early', 'earliest', 'beside']);
  expect((await tenant.get('/api/v1/trash')).json.data).toEqual([]);
  expect((await history(tenant, id('lowest'))).at(-1)).toMatchObject({
    action: 'restore',
    changes: { deleted_at: [expect.any(String), null], deleted_by: ['tester', null] },
  });
});

test('exactly that: what was in the trash before stays there, and comes back by itself', async () => {
  const { trash, restore, live } = await world();
  await trash('early');
  await trash('root');
  await restore('root');
  expect(await live()).toEqual(['root', 'low', 'lowest', 'beside']);
  await restore('early');
  expect(await live()).toEqual(['root', 'low', 'lowest', 'early', 'earliest', 'beside']);
});

describe('is a conflict', () => {
  test('for a task that is not in the trash', async () => {
    const { tenant, id, restore } = await world();
    expect(await restore('root')).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect((await tenant.get(`/api/v1/tasks/${id('root')}`)).json.version).toBe(1);
  });

  test('for a task that went along', async () => {
    const { trash, restore, live } = await world();
    await trash('root');
    for (const title of ['low', 'lowest']) {
      expect(await restore(title)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    }
    expect(await live()).toEqual(['beside']);
  });

  test('under a parent in the trash', async () => {
    const { trash, restore, live } = await world();
    await trash('early');
    await trash('root');
    expect(await restore('early')).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect(await live()).toEqual(['beside']);
  });

  test('in a project in the trash', async () => {
    const { tenant, project, trash, restore } = await world();
    await trash('root');
    await tenant.call(`/api/v1/projects/${project}`, { method: 'DELETE' });
    for (const title of ['root', 'beside']) {
      expect(await restore(title)).toMatchObject({ status: 409, json: { code: 'conflict' } });
    }
    await tenant.post(`/api/v1/projects/${project}/restore`, undefined);
    expect((await restore('root')).status).toBe(200);
  });
});

test('a task and its project restored and trashed at once leave nothing live in a trashed project', async () => {
  const { tenant, project, trash, restore } = await world();
  await trash('root');
  await Promise.all([restore('root'), tenant.call(`/api/v1/projects/${project}`, { method: 'DELETE' })]);
  const { rows } = await api.database.admin.query(
    `select from tasks join projects on projects.id = tasks.project_id
     where projects.deleted_at is not null and tasks.deleted_at is null`,
  );
  expect(rows).toEqual([]);
});
