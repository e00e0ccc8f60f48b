import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type TestTenant, useApi } from '../../support/api.ts';
import { walkPages } from '../../support/pages.ts';

const api = useApi();
const path = '/api/v1/projects';

interface Item {
  id: string;
  name: string;
}

async function tenantWith(...names: string[]): Promise<TestTenant> {
  const tenant = await api.tenant();
  for (const name of names) await tenant.post(path, { name });
  return tenant;
}

const names = (json: { data: Item[] }) => json.data.map(({ name }) => name);

test('shows projects without their tasks, newest first, in one round trip', async () => {
  const tenant = await tenantWith('a', 'b', 'c');
  const { json, headers } = await tenant.get(path);
  expect(names(json)).toEqual(['c', 'b', 'a']);
  expect(json.page).toEqual({ limit: 20, has_more: false, next_cursor: null });
  expect(json.data[0]).toMatchObject({ task_count: 0, status: 'active' });
  expect(json.data[0]).not.toHaveProperty('tasks');
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  const again = await tenant.get(path, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(again).toMatchObject({ status: 304, text: '' });
});

test('an empty list is an empty array', async () => {
  const tenant = await api.tenant();
  const { json } = await tenant.get(`${path}?count=true`);
  expect(json).toEqual({ data: [], page: { limit: 20, has_more: false, next_cursor: null, total: 0 } });
});

describe('pages', () => {
  const sorts = ['created_at', '-created_at', 'updated_at', 'name', '-name', 'task_count', '-task_count,name'];

  test.each(sorts)('walking them by %s shows each project once, ties included', async (sort) => {
    const tenant = await tenantWith('b', 'a', 'B', 'a', 'é', 'z', 'a');
    const all = await tenant.get(`${path}?limit=100&sort=${sort}`);
    for (const limit of [1, 2, 3, 7]) {
      const walked = await walkPages(tenant, `${path}?limit=${limit}&sort=${sort}`);
      expect(walked).toEqual(all.json.data);
    }
    expect(all.json.data).toHaveLength(7);
  });

  test('names sort as people read them', async () => {
    const tenant = await tenantWith('Zebra', 'apple', 'Élan', 'eagle', 'Banana');
    expect(names((await tenant.get(`${path}?sort=name`)).json)).toEqual(['apple', 'Banana', 'eagle', 'Élan', 'Zebra']);
  });

  test('what is inserted or trashed meanwhile makes no other project appear twice or go missing', async () => {
    const tenant = await tenantWith('a', 'b', 'c', 'd', 'e', 'f');
    const { json } = await tenant.get(path);
    const first = json.data[0].id;
    let n = 0;
    const walked = await walkPages<Item>(tenant, `${path}?limit=2&sort=-created_at`, async () => {
      await tenant.post(path, { name: `new ${n++}` });
      await api.database.admin.query('update projects set deleted_at = now(), trash_id = uuidv7() where id = $1', [
        first,
      ]);
    });
    expect(walked.map(({ name }) => name)).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
  });

  test('skip counts from the start', async () => {
    const tenant = await tenantWith('a', 'b', 'c', 'd');
    const { json } = await tenant.get(`${path}?skip=1&limit=2`);
    expect(names(json)).toEqual(['c', 'b']);
    expect(names((await tenant.get(`${path}?cursor=${json.page.next_cursor}`)).json)).toEqual(['a']);
  });

  test('limit, fields, count and include may change from page to page', async () => {
    const tenant = await tenantWith('a', 'b', 'c', 'd');
    const { json } = await tenant.get(`${path}?limit=1`);
    const next = await tenant.get(
      `${path}?limit=2&count=true&fields=name,tasks&include=tasks&cursor=${json.page.next_cursor}`,
    );
    expect(next.json.data).toEqual([
      { name: 'c', tasks: [] },
      { name: 'b', tasks: [] },
    ]);
    expect(next.json.page.total).toBe(4);
  });

  test('a cursor is good for its own tenant, filters and sort only', async () => {
    const tenant = await tenantWith('a', 'b', 'c');
    const stranger = await tenantWith('x', 'y');
    const { next_cursor } = (await tenant.get(`${path}?limit=1`)).json.page;
    const damaged = next_cursor.replace(/^./, (c: string) => (c === 'A' ? 'B' : 'A'));
    for (const [who, query] of [
      [tenant, `cursor=${next_cursor}&sort=name`],
      [tenant, `cursor=${next_cursor}&status=active`],
      [tenant, `cursor=${damaged}`],
      [tenant, `cursor=${next_cursor}0`],
      [tenant, `cursor=${next_cursor}.`],
      [tenant, 'cursor=x'],
      [stranger, `cursor=${next_cursor}`],
    ] as const) {
      const reply = await who.get(`${path}?${query}`);
      expect(reply, query).toMatchObject({
        status: 400,
        json: { code: 'invalid_cursor', errors: [{ pointer: '?cursor' }] },
      });
    }
    const tags = await tenant.get(`/api/v1/tags?cursor=${next_cursor}`);
    expect(tags.json.code).toBe('invalid_cursor');
    expect((await tenant.get(`${path}?cursor=${next_cursor}&skip=1`)).json.errors[0].pointer).toBe('?skip');
  });
});

test('a forged cursor with a right checksum is no more than an invalid one', async () => {
  const tenant = await tenantWith('a');
  const context = [tenant.id, 'projects', '', '', '-created_at'].join('\n');
  for (const text of [null, 'x', '{}', '[1]', '["infinity","zz"]', '["a"]']) {
    const payload = text === null ? 'A' : Buffer.from(text).toString('base64url');
    const checksum = createHash('sha256').update(`${payload}.${context}`).digest('hex').slice(0, 16);
    const reply = await tenant.get(`${path}?cursor=${payload}.${checksum}`);
    expect(reply, text ?? '').toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
  }
});

describe('include=tasks', () => {
  test('nests the first tasks of each, still in one round trip', async () => {
    const tenant = await api.tenant();
    for (const name of ['a', 'b']) {
      await tenant.post(path, { name, tasks: [1, 2, 3].map((n) => ({ title: `${name}${n}`, tags: ['t'] })) });
    }
    const before = api.database.endpoint.requests;
    const { json } = await tenant.get(`${path}?include=tasks&task_limit=2`);
    expect(api.database.endpoint.requests - before).toBe(1);
    const titles = json.data.map(({ tasks }: { tasks: { title: string }[] }) => tasks.map(({ title }) => title));
    expect(titles).toEqual([
      ['b1', 'b2'],
      ['a1', 'a2'],
    ]);
    expect(json.data[0].tasks[0].tags).toMatchObject([{ name: 't' }]);
    expect(json.data[0].tasks_page).toEqual({ limit: 2, has_more: true, next_cursor: expect.any(String) });
    const single = await tenant.get(`${path}/${json.data[0].id}?task_limit=2`);
    expect(json.data[0]).toEqual(single.json);
  });

  test('task_limit and fields of tasks need it', async () => {
    const tenant = await api.tenant();
    expect((await tenant.get(`${path}?task_limit=2`)).json.errors).toMatchObject([{ pointer: '?task_limit' }]);
    expect((await tenant.get(`${path}?fields=id,tasks`)).json.errors).toMatchObject([{ pointer: '?fields' }]);
    expect((await tenant.get(`${path}?include=tasks&task_limit=201`)).status).toBe(400);
  });
});

describe('filters', () => {
  async function tenantWithVariety() {
    const tenant = await api.tenant();
    await tenant.post(path, {
      name: 'Alpha task-12',
      description: 'Über die Straße',
      metadata: { a: { b: 1 }, c: [1, 2] },
    });
    await tenant.post(path, { name: 'Beta', status: 'archived', tasks: [{ title: 't', tags: ['Urgent'] }] });
    return tenant;
  }

  test.each([
    ['status=archived', ['Beta']],
    ['name=Beta', ['Beta']],
    ['name=beta', []],
    ['q=str', ['Alpha task-12']],
    ['q=STRASSE', ['Alpha task-12']],
    ['q=%C3%BCber alpha', ['Alpha task-12']],
    ['q=alph strasse', []],
    ['q=12', ['Alpha task-12']],
    ["q=!%26|()':*", []],
    ['metadata={"a":{"b":1}}', ['Alpha task-12']],
    ['metadata={"c":[2]}', ['Alpha task-12']],
    ['metadata={}', ['Beta', 'Alpha task-12']],
    ['metadata={"a":{"b":2}}', []],
    ['tag=URGENT', ['Beta']],
    ['tag=unknown', []],
    ['status=archived&q=alpha', []],
    ['created_after=2020-01-01T00:00:00Z', ['Beta', 'Alpha task-12']],
    ['created_before=2020-01-01T00:00:00%2B02:00', []],
    ['updated_after=2999-01-01T00:00:00Z', []],
  ])('%s', async (query, expected) => {
    const tenant = await tenantWithVariety();
    const { json, status, text } = await tenant.get(`${path}?count=true&${query}`);
    expect(status, text).toBe(200);
    expect(names(json)).toEqual(expected);
    expect(json.page.total).toBe(expected.length);
  });

  test.each([
    ['unknown=1', '?unknown'],
    ['status=open', '?status'],
    ['status=', '?status'],
    ['status=active&status=archived', '?status'],
    ['sort=size', '?sort'],
    ['sort=status,name', '?sort'],
    ['sort=name,-name', '?sort'],
    ['fields=id,secret', '?fields'],
    ['include=tags', '?include'],
    ['limit=0', '?limit'],
    ['limit=101', '?limit'],
    ['skip=10001', '?skip'],
    ['count=yes', '?count'],
    ['metadata=[1]', '?metadata'],
    ['metadata={"a":1,"a":2}', '?metadata'],
    ['created_after=yesterday', '?created_after'],
    ['created_after=2026-02-30T00:00:00Z', '?created_after'],
    ['q=%ff', '?q'],
    ['name=%00', '?name'],
    [`q=${'x'.repeat(201)}`, '?q'],
  ])('refuses %s', async (query, pointer) => {
    const tenant = await api.tenant();
    const reply = await tenant.get(`${path}?${query}`);
    expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer }] } });
  });

  test('an inverted range is 422', async () => {
    const tenant = await api.tenant();
    const reply = await tenant.get(`${path}?created_after=2026-01-02T00:00:00Z&created_before=2026-01-01T00:00:00Z`);
    expect(reply).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '?created_before' }] },
    });
  });
});
