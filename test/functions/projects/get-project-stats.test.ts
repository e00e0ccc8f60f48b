import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

/**
 * Where it is another day than in UTC at this moment: what is due then must be counted by UTC all the same.
 * East of it what is due today would be overdue already, west of it what was due yesterday not yet.
 */
const ELSEWHERE = new Date().getUTCHours() >= 11 ? 'Pacific/Kiritimati' : 'Pacific/Pago_Pago';

const api = useApi({
  prepare: async (admin) => {
    const { rows } = await admin.query('select current_database() as name');
    await admin.query(`alter database ${rows[0].name} set timezone = '${ELSEWHERE}'`);
  },
});

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function world(tasks: unknown[]) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const path = `/api/v1/projects/${json.id}/stats`;
  const stats = async () => (await tenant.get(path)).json;
  return { tenant, project: json, path, stats };
}

test('an empty project', async () => {
  const { tenant, path } = await world([]);
  const { status, json, headers } = await tenant.get(path);
  expect(status).toBe(200);
  expect(json).toEqual({
    task_count: 0,
    by_status: { pending: 0, in_progress: 0, completed: 0, cancelled: 0 },
    overdue_count: 0,
    completion_ratio: 0,
    by_tag: [],
    by_assignee: [],
  });
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  const again = await tenant.get(path, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(again).toMatchObject({ status: 304, text: '' });
});

test('counts the tasks at every level, and none that is in the trash or in another project', async () => {
  const { tenant, project, path, stats } = await world([
    { title: 'a', status: 'completed', tags: ['x', 'Y'], subtasks: [{ title: 'b', tags: ['y'] }] },
    { title: 'c', status: 'in_progress', due_on: day(-1), tags: ['Y', 'alpha'] },
    { title: 'd', status: 'cancelled', tags: ['Beta'] },
    { title: 'e', status: 'pending' },
    { title: 'gone', status: 'completed', due_on: day(-1), tags: ['x', 'gone'] },
  ]);
  await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q', status: 'completed', tags: ['x'] }] });
  await tenant.call(`/api/v1/tasks/${project.tasks.at(-1).id}`, { method: 'DELETE' });
  const json = await stats();
  const tag = (name: string, task_count: number) => ({ id: expect.any(String), name, color: null, task_count });
  expect(json).toEqual({
    task_count: 5,
    by_status: { pending: 2, in_progress: 1, completed: 1, cancelled: 1 },
    overdue_count: 1,
    completion_ratio: 0.25,
    by_tag: [tag('Y', 3), tag('alpha', 1), tag('Beta', 1), tag('x', 1)],
    by_assignee: [],
  });
  await tenant.call(`/api/v1/tags/${json.by_tag[3].id}`, { method: 'PATCH', body: { name: 'Aa', color: '#00ff00' } });
  expect((await tenant.get(path, { role: 'viewer' })).json.by_tag.slice(1, 3)).toMatchObject([
    { name: 'Aa', color: '#00ff00' },
    { name: 'alpha' },
  ]);
});

test('overdue is what was due before today in UTC and is neither completed nor cancelled', async () => {
  const { tenant, stats } = await world(
    ['pending', 'in_progress', 'completed', 'cancelled'].flatMap((status) =>
      [day(-400), day(-1), day(0), day(1), null].map((due_on) => ({ title: `${status} ${due_on}`, status, due_on })),
    ),
  );
  expect((await stats()).overdue_count).toBe(4);
  const { data } = (await tenant.get('/api/v1/tasks?overdue=true&sort=due_on,title')).json;
  expect(data.map(({ title }: { title: string }) => title)).toEqual(
    [day(-400), day(-1)].flatMap((date) => [`in_progress ${date}`, `pending ${date}`]),
  );
});

test.each([
  [['completed'], 1],
  [['cancelled'], 0],
  [['completed', 'cancelled'], 1],
  [['pending', 'cancelled'], 0],
  [['completed', 'completed', 'in_progress'], 2 / 3],
])('the ratio of %j is %d', async (statuses, expected) => {
  const { stats } = await world(statuses.map((status) => ({ title: status, status })));
  expect((await stats()).completion_ratio).toBeCloseTo(expected, 12);
});

test('what is unknown, trashed or another tenant’s is the same 404', async () => {
  const { tenant, path } = await world([]);
  const unknown = await tenant.get(`/api/v1/projects/${UNKNOWN}/stats`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await (await api.tenant()).get(path)).text)).toBe(anonymous(unknown.text));
  await tenant.call(path.replace('/stats', ''), { method: 'DELETE' });
  expect(anonymous((await tenant.get(path)).text)).toBe(anonymous(unknown.text));
  expect((await tenant.get('/api/v1/projects/x/stats')).status).toBe(400);
  expect(await tenant.get(`${path}?count=true`)).toMatchObject({
    status: 400,
    json: { errors: [{ pointer: '?count' }] },
  });
});
