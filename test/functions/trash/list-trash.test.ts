import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();
const path = '/api/v1/trash';

interface Item {
  type: string;
  name: string;
}

const shown = (json: { data: Item[] }) => json.data.map(({ type, name }) => `${type} ${name}`);

/** In the trash, newest first: task c, project Q, task a (with b), project P's own task e before it. */
async function world() {
  const tenant = await api.tenant();
  const { json: p } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [{ title: 'a', subtasks: [{ title: 'b' }] }, { title: 'c' }, { title: 'live' }],
  });
  const { json: q } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'd' }, { title: 'e' }] });
  const [a, , c] = p.tasks;
  for (const url of [`tasks/${q.tasks[1].id}`, `tasks/${a.id}`, `projects/${q.id}`, `tasks/${c.id}`]) {
    await tenant.call(`/api/v1/${url}`, { method: 'DELETE' });
  }
  return { tenant, p, q };
}

test('what was trashed itself, newest first, and not what it took along', async () => {
  const { tenant, q } = await world();
  const { status, json, headers } = await tenant.get(`${path}?count=true`, { role: 'viewer' });
  expect(status).toBe(200);
  expect(shown(json)).toEqual(['task c', 'project Q', 'task a', 'task e']);
  expect(json.page).toEqual({ limit: 20, has_more: false, next_cursor: null, total: 4 });
  expect(json.data[1]).toEqual({
    type: 'project',
    id: q.id,
    name: 'Q',
    version: 2,
    deleted_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    deleted_by: 'tester',
  });
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
});

test('its version serves If-Match', async () => {
  const { tenant, q } = await world();
  const { version } = (await tenant.get(`${path}?type=project`)).json.data[0];
  const headers = { 'If-Match': `"${version}.x"` };
  expect((await tenant.post(`/api/v1/projects/${q.id}/restore`, undefined, { headers })).status).toBe(200);
});

test('what is restored or purged is not in it any more', async () => {
  const { tenant, p, q } = await world();
  await tenant.post(`/api/v1/tasks/${p.tasks[0].id}/restore`, undefined);
  await tenant.post(`/api/v1/projects/${q.id}/purge`, undefined);
  expect(shown((await tenant.get(path)).json)).toEqual(['task c']);
});

test.each([
  ['type=project', ['project Q']],
  ['type=task', ['task c', 'task a', 'task e']],
  ['sort=deleted_at', ['task e', 'task a', 'project Q', 'task c']],
  ['skip=1&limit=2', ['project Q', 'task a']],
])('%s', async (query, expected) => {
  const { tenant } = await world();
  const { json, status, text } = await tenant.get(`${path}?${query}`);
  expect(status, text).toBe(200);
  expect(shown(json)).toEqual(expected);
});

test('fields', async () => {
  const { tenant } = await world();
  expect((await tenant.get(`${path}?fields=name,type&limit=1`)).json.data).toEqual([{ type: 'task', name: 'c' }]);
});

test('walking its pages shows each once, ties included', async () => {
  const { tenant } = await world();
  await tenant.post('/api/v1/projects', { name: 'R', tasks: [{ title: 'f' }] });
  for (const table of ['projects', 'tasks']) {
    await api.database.admin.query(
      `update ${table} set deleted_at = '2026-01-01', trash_id = id where tenant_id = $1 and (trash_id is null or trash_id = id)`,
      [tenant.id],
    );
  }
  for (const filter of ['', '&type=task', '&sort=deleted_at']) {
    const all = (await tenant.get(`${path}?limit=100${filter}`)).json.data;
    expect(all.length).toBeGreaterThan(4);
    for (const limit of [1, 2, 3]) {
      const walked: Item[] = [];
      let url: string | undefined = `${path}?limit=${limit}${filter}`;
      while (url) {
        const { json, headers } = await tenant.get(url);
        walked.push(...json.data);
        url = /^<(\/.+)>; rel="next"$/.exec(headers.get('Link') ?? '')?.[1];
        expect(url === undefined).toBe(!json.page.has_more);
      }
      expect(walked).toEqual(all);
    }
  }
});

test('what is trashed while it is walked makes nothing appear twice or go missing', async () => {
  const { tenant, p } = await world();
  const first = (await tenant.get(`${path}?limit=2`)).json;
  await tenant.call(`/api/v1/projects/${p.id}`, { method: 'DELETE' });
  const second = (await tenant.get(`${path}?limit=2&cursor=${first.page.next_cursor}`)).json;
  expect([...shown(first), ...shown(second)]).toEqual(['task c', 'project Q', 'task a', 'task e']);
});

test.each([
  ['type=tag', 400, 'validation_failed', '?type'],
  ['sort=name', 400, 'validation_failed', '?sort'],
  ['fields=title', 400, 'validation_failed', '?fields'],
  ['status=pending', 400, 'validation_failed', '?status'],
  ['cursor=x', 400, 'invalid_cursor', '?cursor'],
])('refuses %s', async (query, status, code, pointer) => {
  const tenant = await api.tenant();
  expect(await tenant.get(`${path}?${query}`)).toMatchObject({ status, json: { code, errors: [{ pointer }] } });
});

test('a cursor is good for its own filter and tenant only; another tenant sees nothing', async () => {
  const { tenant } = await world();
  const stranger = await api.tenant();
  const { next_cursor } = (await tenant.get(`${path}?limit=1`)).json.page;
  expect((await tenant.get(`${path}?type=task&cursor=${next_cursor}`)).json.code).toBe('invalid_cursor');
  expect((await stranger.get(`${path}?cursor=${next_cursor}`)).json.code).toBe('invalid_cursor');
  expect((await stranger.get(path)).json.data).toEqual([]);
});
