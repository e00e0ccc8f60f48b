import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

interface Item {
  id: string;
  title: string;
}

const titles = (data: Item[]) => data.map(({ title }) => title);

async function world(n = 7) {
  const tenant = await api.tenant();
  const tasks = Array.from({ length: n }, (_, i) => ({ title: `t${i}`, tags: i % 2 ? ['odd'] : ['even', 'x'] }));
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'other', tags: ['odd'] }] });
  return { tenant, project: json, path: `/api/v1/projects/${json.id}/tasks` };
}

test('shows the tasks of the project in their order, as the project does', async () => {
  const { tenant, project, path } = await world(3);
  const { status, json, headers } = await tenant.get(`${path}?count=true`);
  expect(status).toBe(200);
  expect(json).toEqual({ data: project.tasks, page: { limit: 20, has_more: false, next_cursor: null, total: 3 } });
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
});

test('a task that is put elsewhere, put into the trash or made stands where it belongs', async () => {
  const { tenant, project, path } = await world(3);
  await tenant.call(`/api/v1/tasks/${project.tasks[2].id}`, { method: 'PATCH', body: { position: 0.5 } });
  await tenant.call(`/api/v1/tasks/${project.tasks[0].id}`, { method: 'DELETE' });
  await tenant.post(path, { title: 'new', parent_id: project.tasks[1].id });
  expect(titles((await tenant.get(path)).json.data)).toEqual(['t2', 't1', 'new']);
});

test('what is unknown, trashed or another tenant’s is the same 404; an empty project has an empty list', async () => {
  const { tenant, path } = await world(1);
  const stranger = await api.tenant();
  const unknown = await tenant.get(`/api/v1/projects/${UNKNOWN}/tasks`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await stranger.get(path)).text)).toBe(anonymous(unknown.text));
  await tenant.call(path.replace('/tasks', ''), { method: 'DELETE' });
  expect(anonymous((await tenant.get(path)).text)).toBe(anonymous(unknown.text));
  const { json } = await tenant.post('/api/v1/projects', { name: 'Empty' });
  expect((await tenant.get(`/api/v1/projects/${json.id}/tasks`)).json.data).toEqual([]);
  expect((await tenant.get('/api/v1/projects/1/tasks')).status).toBe(400);
});

test('filters and sorts as the list over all projects', async () => {
  const { tenant, project, path } = await world(4);
  const first = project.tasks[0];
  await tenant.post(path, { title: 'sub', parent_id: first.id, due_on: '2020-01-01', priority: 2 });
  await tenant.call(`/api/v1/tasks/${first.id}`, { method: 'PATCH', body: { status: 'completed' } });
  for (const [query, expected] of [
    ['tag=ODD', ['t1', 't3']],
    ['tag=odd&sort=-title', ['t3', 't1']],
    ['status=completed', ['t0']],
    ['parent_id=none&skip=1', ['t1', 't2', 't3']],
    [`parent_id=${first.id}`, ['sub']],
    ['overdue=true', ['sub']],
    ['priority_min=1', ['sub']],
    ['q=su', ['sub']],
    ['sort=-updated_at&limit=1', ['t0']],
    [`project_id=${project.id}&tag=x`, ['t0', 't2']],
    [`project_id=${UNKNOWN}`, []],
  ] as const) {
    const { json, status, text } = await tenant.get(`${path}?${query}`);
    expect(status, text).toBe(200);
    expect(titles(json.data), query).toEqual(expected);
  }
});

test.each([
  ['sort=status', 400, '?sort'],
  ['task_limit=2', 400, '?task_limit'],
  ['limit=101', 400, '?limit'],
  ['due_after=2026-01-02&due_before=2026-01-01', 422, '?due_before'],
])('refuses %s', async (query, status, pointer) => {
  const { tenant, path } = await world(0);
  expect(await tenant.get(`${path}?${query}`)).toMatchObject({ status, json: { errors: [{ pointer }] } });
});

describe('pages', () => {
  test.each(['position', '-position', 'due_on', '-due_on', 'title'])('by %s', async (sort) => {
    const { tenant, project, path } = await world(5);
    await tenant.call(`/api/v1/tasks/${project.tasks[3].id}`, { method: 'PATCH', body: { due_on: '2026-01-01' } });
    await tenant.call(`/api/v1/tasks/${project.tasks[4].id}`, { method: 'PATCH', body: { position: 2 } });
    const all = (await tenant.get(`${path}?sort=${sort}`)).json.data;
    expect(all).toHaveLength(5);
    for (const limit of [1, 2, 3]) {
      expect(await walkPages(tenant, `${path}?limit=${limit}&sort=${sort}`)).toEqual(all);
    }
  });

  test('go on where a project breaks off, without gap', async () => {
    const { tenant, project, path } = await world();
    // Ties, also across the edge of a page.
    for (const { id } of project.tasks.slice(1, 5)) {
      await tenant.call(`/api/v1/tasks/${id}`, { method: 'PATCH', body: { position: 3 } });
    }
    const all = (await tenant.get(path)).json.data;
    for (const limit of [0, 1, 2, 3, 6]) {
      const { json } = await tenant.get(`/api/v1/projects/${project.id}?task_limit=${limit}`);
      expect(json.tasks).toHaveLength(limit);
      expect([
        ...json.tasks,
        ...(await walkPages(tenant, `${path}?limit=2&cursor=${json.tasks_page.next_cursor}`)),
      ]).toEqual(all);
    }
  });

  test('go on where include=tasks breaks off, for each project', async () => {
    const { tenant } = await world();
    for (const limit of [0, 1, 3]) {
      const { json } = await tenant.get(`/api/v1/projects?include=tasks&task_limit=${limit}`);
      expect(json.data).toHaveLength(2);
      for (const { id, tasks, tasks_page } of json.data) {
        const path = `/api/v1/projects/${id}/tasks`;
        const { next_cursor } = tasks_page;
        const rest = next_cursor ? await walkPages(tenant, `${path}?limit=3&cursor=${next_cursor}`) : [];
        expect([...tasks, ...rest]).toEqual((await tenant.get(path)).json.data);
      }
    }
  });

  test('a cursor is good for its own project only', async () => {
    const { tenant, project, path } = await world();
    const { json: other } = await tenant.post('/api/v1/projects', { name: 'R', tasks: [{ title: 'r' }] });
    const { next_cursor } = (await tenant.get(`/api/v1/projects/${project.id}?task_limit=2`)).json.tasks_page;
    for (const url of [
      `/api/v1/projects/${other.id}/tasks?cursor=${next_cursor}`,
      `/api/v1/tasks?sort=position&cursor=${next_cursor}`,
      `${path}?sort=title&cursor=${next_cursor}`,
      `${path}?tag=odd&cursor=${next_cursor}`,
    ]) {
      expect(await tenant.get(url), url).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
    }
    expect((await tenant.get(`${path}?sort=position&cursor=${next_cursor}`)).status).toBe(200);
  });
});
