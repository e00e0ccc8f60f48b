import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';
import { UNKNOWN } from '../../support/replies.ts';

const api = useApi();
const path = '/api/v1/tasks';

interface Item {
  id: string;
  title: string;
}

const titles = (json: { data: Item[] }) => json.data.map(({ title }) => title);

/** A day that many days from today, in UTC. */
const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function tenantWithVariety() {
  const tenant = await api.tenant();
  const { json: p } = await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      {
        title: 'Pack task-12',
        description: 'die Straße\nentlang',
        priority: 3,
        due_on: day(-1),
        tags: ['Urgent', 'home'],
        metadata: { a: { b: 1 }, c: [1, 2] },
        subtasks: [{ title: 'Socks', status: 'in_progress', due_on: day(0), tags: ['URGENT'] }],
      },
      { title: 'Book', status: 'completed', due_on: day(-2), priority: 4 },
    ],
  });
  const { json: q } = await tenant.post('/api/v1/projects', {
    name: 'Q',
    tasks: [{ title: 'Call', status: 'cancelled', due_on: day(-3), priority: 1, tags: ['home'] }, { title: 'Trashed' }],
  });
  await tenant.call(`${path}/${q.tasks[1].id}`, { method: 'DELETE' });
  const { json: r } = await tenant.post('/api/v1/projects', { name: 'R', tasks: [{ title: 'Gone with it' }] });
  await tenant.call(`/api/v1/projects/${r.id}`, { method: 'DELETE' });
  return { tenant, p, q, r };
}

test('shows the live tasks of all projects, newest first, as their projects do', async () => {
  const { tenant, p, q } = await tenantWithVariety();
  const { json, headers, status } = await tenant.get(path);
  expect(status).toBe(200);
  expect(titles(json)).toEqual(['Call', 'Book', 'Socks', 'Pack task-12']);
  expect(json.page).toEqual({ limit: 20, has_more: false, next_cursor: null });
  expect(json.data).toEqual([q.tasks[0], ...p.tasks.toReversed()]);
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  const again = await tenant.get(path, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(again).toMatchObject({ status: 304, text: '' });
});

test('fields, count and skip', async () => {
  const { tenant } = await tenantWithVariety();
  const { json } = await tenant.get(`${path}?fields=title,tags&count=true&skip=2&limit=1&sort=title`);
  expect(json).toEqual({
    data: [{ title: 'Pack task-12', tags: [expect.anything(), expect.anything()] }],
    page: { limit: 1, has_more: true, next_cursor: expect.any(String), total: 4 },
  });
});

describe('filters', () => {
  const ALL = ['Call', 'Book', 'Socks', 'Pack task-12'];

  test('each, and together', async () => {
    const { tenant, p, q, r } = await tenantWithVariety();
    const stranger = await api.tenant();
    const { json: foreign } = await stranger.post('/api/v1/projects', {
      name: 'S',
      tasks: [{ title: 'theirs', tags: ['theirs'] }],
    });
    const moment = (await tenant.get(`${path}/${q.tasks[0].id}`)).json.created_at;
    for (const [query, expected] of [
      ['status=pending', ['Pack task-12']],
      ['status=cancelled,pending', ['Call', 'Pack task-12']],
      ['priority_min=0', ALL],
      ['priority_min=3', ['Book', 'Pack task-12']],
      ['tag=urgent', ['Socks', 'Pack task-12']],
      ['tag=HOME', ['Call', 'Pack task-12']],
      ['tag=theirs', []],
      ['tag=home&tag=URGENT', ['Pack task-12']],
      ['tag=home&tag=unknown', []],
      ['tag=home&tag=HOME', ['Call', 'Pack task-12']],
      [`project_id=${q.id}`, ['Call']],
      [`project_id=${q.id.toUpperCase()}`, ['Call']],
      [`project_id=${r.id}`, []],
      [`project_id=${UNKNOWN}`, []],
      [`project_id=${foreign.id}`, []],
      ['parent_id=none', ['Call', 'Book', 'Pack task-12']],
      [`parent_id=${p.tasks[0].id}`, ['Socks']],
      [`parent_id=${UNKNOWN}`, []],
      [`parent_id=${foreign.tasks[0].id}`, []],
      [`due_after=${day(-2)}`, ['Socks', 'Pack task-12']],
      [`due_before=${day(-1)}`, ['Call', 'Book']],
      [`due_after=${day(-3)}&due_before=${day(0)}`, ['Book', 'Pack task-12']],
      ['overdue=true', ['Pack task-12']],
      ['q=STRASSE', ['Pack task-12']],
      ['q=entlang pack', ['Pack task-12']],
      ['q=pac entlang', []],
      ['q=12', ['Pack task-12']],
      ['q=soc', ['Socks']],
      ['q=trashed', []],
      ["q=!%26|()':*", []],
      ['metadata={"a":{"b":1}}', ['Pack task-12']],
      ['metadata={"c":[2]}', ['Pack task-12']],
      ['metadata={"a":1}', []],
      ['metadata={}', ALL],
      ['created_after=2020-01-01T00:00:00Z', ALL],
      [`created_after=${moment}`, []],
      [`created_before=${moment}`, ['Book', 'Socks', 'Pack task-12']],
      ['updated_before=2020-01-01T00:00:00Z', []],
      ['updated_after=2020-01-01T00:00:00%2B02:00', ALL],
      [`status=pending,in_progress&tag=urgent&parent_id=none&project_id=${p.id}`, ['Pack task-12']],
    ] as const) {
      const { json, status, text } = await tenant.get(`${path}?count=true&${query}`);
      expect(status, `${query} ${text}`).toBe(200);
      expect(titles(json), query).toEqual(expected);
      expect(json.page.total, query).toBe(expected.length);
    }
  });

  test.each([
    ['status=open', '?status'],
    ['status=pending,', '?status'],
    ['status=pending,pending', '?status'],
    ['status=pending&status=completed', '?status'],
    ['priority_min=5', '?priority_min'],
    ['priority_min=-1', '?priority_min'],
    ['tag=', '?tag'],
    ['tag=%20', '?tag'],
    ['project_id=1', '?project_id'],
    ['project_id=none', '?project_id'],
    ['parent_id=null', '?parent_id'],
    ['due_after=2026-02-30', '?due_after'],
    ['due_before=2026-01-01T00:00:00Z', '?due_before'],
    ['overdue=false', '?overdue'],
    ['overdue=1', '?overdue'],
    ['metadata=1', '?metadata'],
    ['created_after=2026-01-01', '?created_after'],
    ['sort=status', '?sort'],
    ['sort=title,title', '?sort'],
    ['fields=project', '?fields'],
    ['include=subtasks', '?include'],
    ['task_limit=1', '?task_limit'],
    ['limit=0', '?limit'],
  ])('refuses %s', async (query, pointer) => {
    const tenant = await api.tenant();
    expect(await tenant.get(`${path}?${query}`)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer }] },
    });
  });

  test.each([
    ['due_after=2026-01-02&due_before=2026-01-01', '?due_before'],
    ['created_after=2026-01-02T00:00:00Z&created_before=2026-01-01T00:00:00Z', '?created_before'],
    ['updated_before=2026-01-01T00:00:00Z&updated_after=2026-01-01T00:00:00-01:00', '?updated_before'],
  ])('an inverted range is 422: %s', async (query, pointer) => {
    const tenant = await api.tenant();
    expect(await tenant.get(`${path}?${query}`)).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer, code: 'inverted_range' }] },
    });
  });
});

describe('pages', () => {
  /** Ties and nulls in every member that is sorted by. */
  async function tenantWithTies() {
    const tenant = await api.tenant();
    const dates = [null, '2026-01-02', '2026-01-01', null, '2026-01-02', null];
    const tasks = dates.map((due_on, i) => ({ title: 'aBaäbB'.charAt(i), due_on, priority: i % 3 }));
    const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
    await tenant.post('/api/v1/projects', { name: 'Q', tasks: tasks.slice(0, 2) });
    for (const task of json.tasks.slice(0, 4)) {
      await tenant.call(`${path}/${task.id}`, { method: 'PATCH', body: { position: 2 } });
    }
    return tenant;
  }

  test('walking them by any sort shows each task once, ties and nulls included', async () => {
    const tenant = await tenantWithTies();
    for (const sort of [
      'position',
      '-position',
      'created_at',
      '-created_at',
      'updated_at',
      '-updated_at',
      'due_on',
      '-due_on',
      'priority',
      '-priority',
      'title',
      '-title',
      'due_on,-priority',
      '-due_on,title',
      'priority,-due_on',
      '-priority,-due_on,position',
    ]) {
      const { json } = await tenant.get(`${path}?limit=100&sort=${sort}`);
      expect(new Set(json.data.map(({ id }: Item) => id)).size, sort).toBe(8);
      for (const limit of [1, 2, 3])
        expect(await walkPages(tenant, `${path}?limit=${limit}&sort=${sort}`), sort).toEqual(json.data);
    }
  });

  test('null comes last both ways, and the id breaks ties in the direction of the first member', async () => {
    const tenant = await tenantWithTies();
    const shown = async (sort: string) => (await tenant.get(`${path}?sort=${sort}`)).json.data;
    const ascending = await shown('due_on');
    const dates = (data: { due_on: string }[]) => data.map(({ due_on }) => due_on);
    expect(dates(ascending)).toEqual(['2026-01-01', ...Array(3).fill('2026-01-02'), ...Array(4).fill(null)]);
    const descending = await shown('-due_on');
    expect(dates(descending)).toEqual([...Array(3).fill('2026-01-02'), '2026-01-01', ...Array(4).fill(null)]);
    const ids = (data: Item[]) => data.map(({ id }) => id);
    expect(ids(ascending).slice(1, 4)).toEqual(ids(ascending).slice(1, 4).toSorted());
    expect(ids(ascending).slice(4)).toEqual(ids(ascending).slice(4).toSorted());
    expect(ids(descending).slice(0, 3)).toEqual(ids(descending).slice(0, 3).toSorted().toReversed());
  });

  test('titles sort as people read them', async () => {
    const tenant = await api.tenant();
    const tasks = ['Zebra', 'apple', 'Élan', 'eagle', 'Banana'].map((title) => ({ title }));
    await tenant.post('/api/v1/projects', { name: 'P', tasks });
    const { json } = await tenant.get(`${path}?sort=title`);
    expect(titles(json)).toEqual(['apple', 'Banana', 'eagle', 'Élan', 'Zebra']);
  });

  test('what is trashed and inserted meanwhile makes no other task appear twice or go missing', async () => {
    const { tenant, p } = await tenantWithVariety();
    const first = await tenant.get(`${path}?limit=2&sort=due_on`);
    expect(titles(first.json)).toEqual(['Call', 'Book']);
    await tenant.call(`${path}/${first.json.data[1].id}`, { method: 'DELETE' });
    await tenant.post(`/api/v1/projects/${p.id}/tasks`, { title: 'early', due_on: '2020-01-01' });
    const second = await tenant.get(`${path}?limit=2&sort=due_on&cursor=${first.json.page.next_cursor}`);
    expect(titles(second.json)).toEqual(['Pack task-12', 'Socks']);
  });

  test('a cursor is good for its own tenant, path, filters and sort only', async () => {
    const { tenant, p } = await tenantWithVariety();
    const { tenant: stranger } = await tenantWithVariety();
    const { next_cursor } = (await tenant.get(`${path}?limit=1&status=pending,in_progress&sort=position`)).json.page;
    const good = `status=pending,in_progress&sort=position&cursor=${next_cursor}`;
    expect((await tenant.get(`${path}?${good}&fields=title&count=true&limit=7`)).json.data).toEqual([
      { title: 'Socks' },
    ]);
    for (const [who, url] of [
      [tenant, `${path}?sort=position&cursor=${next_cursor}`],
      [tenant, `${path}?status=pending&sort=position&cursor=${next_cursor}`],
      [tenant, `${path}?status=pending,in_progress&sort=-position&cursor=${next_cursor}`],
      [tenant, `/api/v1/projects/${p.id}/tasks?${good}`],
      [stranger, `${path}?${good}`],
      [tenant, `${path}?${good}x`],
    ] as const) {
      expect(await who.get(url), url).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
    }
  });
});

test('another tenant sees none of them', async () => {
  await tenantWithVariety();
  expect((await (await api.tenant()).get(path)).json.data).toEqual([]);
});

test('fifty tags are one condition, and more are refused', async () => {
  const tenant = await api.tenant();
  const names = Array.from({ length: 51 }, (_, n) => `t${n}`);
  await tenant.post('/api/v1/projects', {
    name: 'P',
    tasks: [
      { title: 'all', tags: names.slice(0, 50) },
      { title: 'one', tags: ['t0'] },
    ],
  });
  const query = (count: number) =>
    names
      .slice(0, count)
      .map((name) => `tag=${name}`)
      .join('&');
  const { json } = await tenant.get(`/api/v1/tasks?${query(50)}&fields=title`);
  expect(json.data).toEqual([{ title: 'all' }]);
  expect((await tenant.get('/api/v1/tasks?tag=t0&tag=T0')).json.data).toHaveLength(2);
  expect(await tenant.get(`/api/v1/tasks?${query(51)}`)).toMatchObject({
    status: 400,
    json: { errors: [{ pointer: '?tag' }] },
  });
});
