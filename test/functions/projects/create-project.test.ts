import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();
const path = '/api/v1/projects';

test('the project of the tutorial', async () => {
  const tenant = await api.tenant();
  const created = await api.call(path, {
    method: 'POST',
    headers: { 'X-Tenant-Token': await tenant.token('member') },
    body: { name: 'Website Redesign', description: 'Redesign company website' },
  });
  expect(created.status).toBe(201);
  const { id, created_at, updated_at, ...rest } = created.json;
  expect(rest).toEqual({
    name: 'Website Redesign',
    description: 'Redesign company website',
    status: 'active',
    metadata: {},
    version: 1,
    task_count: 0,
    created_by: 'tester',
    tasks: [],
    tasks_page: { limit: 200, has_more: false, next_cursor: null },
  });
  expect(created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(updated_at).toBe(created_at);
  expect(created.headers.get('Location')).toBe(`${path}/${id}`);
  const got = await tenant.get(`${path}/${id}`);
  expect(got.json).toEqual(created.json);
  expect(got.headers.get('ETag')).toBe(created.headers.get('ETag'));
});

describe('with tasks', () => {
  test('positions count in the order of the document, subtasks point to their parents', async () => {
    const tenant = await api.tenant();
    const { status, json } = await tenant.post(path, {
      name: 'Tree',
      tasks: [
        { title: 'a', subtasks: [{ title: 'a1', subtasks: [{ title: 'a1x' }] }, { title: 'a2' }] },
        {
          title: 'b',
          status: 'completed',
          priority: 4,
          due_on: '2026-12-24',
          metadata: { k: [1, null] },
          description: 'x\ny',
        },
      ],
    });
    expect(status).toBe(201);
    const { tasks } = json;
    expect(tasks.map((task: { title: string; position: number }) => [task.title, task.position])).toEqual([
      ['a', 1],
      ['a1', 2],
      ['a1x', 3],
      ['a2', 4],
      ['b', 5],
    ]);
    expect(tasks.map((task: { parent_id: string }) => task.parent_id)).toEqual([
      null,
      tasks[0].id,
      tasks[1].id,
      tasks[0].id,
      null,
    ]);
    expect(tasks[4]).toMatchObject({
      status: 'completed',
      priority: 4,
      due_on: '2026-12-24',
      metadata: { k: [1, null] },
    });
    expect(tasks[4].completed_at).toBe(json.created_at);
    expect(tasks[0]).toMatchObject({
      status: 'pending',
      completed_at: null,
      version: 1,
      project_id: json.id,
      tags: [],
    });
    expect(json.task_count).toBe(5);
  });

  test('missing tags are made once, of two spellings the first, and tasks that have them are at version 1', async () => {
    const tenant = await api.tenant();
    await tenant.post('/api/v1/tags', { name: 'Existing', color: '#00ff00' });
    const { json } = await tenant.post(path, {
      name: 'Tagged',
      tasks: [
        { title: 'a', tags: ['Straße', 'existing'] },
        { title: 'b', tags: ['STRASSE', 'Cafe\u0301', 'caf\u00e9'] },
      ],
    });
    const names = json.tasks.map((task: { tags: { name: string }[] }) => task.tags.map(({ name }) => name));
    expect(names).toEqual([
      ['Existing', 'Straße'],
      ['Caf\u00e9', 'Straße'],
    ]);
    expect(json.tasks[0].tags[0].color).toBe('#00ff00');
    expect(json.tasks.map(({ version }: { version: number }) => version)).toEqual([1, 1]);
    const { json: tags } = await tenant.get('/api/v1/tags');
    expect(tags.data.map(({ name, task_count }: { name: string; task_count: number }) => [name, task_count])).toEqual([
      ['Caf\u00e9', 1],
      ['Existing', 1],
      ['Straße', 2],
    ]);
  });

  test('the answer holds all of them, 500 at most, three levels deep', async () => {
    const tenant = await api.tenant();
    const tasks = (n: number) => Array.from({ length: n }, (_, i) => ({ title: `t${i}`, tags: [`tag ${i % 60}`] }));
    const { status, json } = await tenant.post(path, { name: 'Large', tasks: tasks(500) });
    expect(status).toBe(201);
    expect(json.tasks).toHaveLength(500);
    expect(json.tasks_page).toMatchObject({ has_more: false, next_cursor: null });
    const tooMany = await tenant.post(path, { name: 'x', tasks: [{ title: 'p', subtasks: tasks(500) }] });
    expect(tooMany).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: '/tasks' }] },
    });
    const nested = (subtasks: unknown[]) => ({
      name: 'x',
      tasks: [{ title: '1', subtasks: [{ title: '2', subtasks: [{ title: '3', subtasks }] }] }],
    });
    expect((await tenant.post(path, nested([{ title: '4' }]))).json.errors).toMatchObject([
      { pointer: '/tasks/0/subtasks/0/subtasks/0/subtasks', code: 'too_deep' },
    ]);
    expect((await tenant.get(path)).json.data).toHaveLength(1);
    expect((await tenant.post(path, nested([]))).status).toBe(201);
  });

  test('two requests that make the same tags at once both succeed', async () => {
    const tenant = await api.tenant();
    const tags = Array.from({ length: 20 }, (_, i) => `tag ${i}`);
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        tenant.post(path, { name: `p${i}`, tasks: [{ title: 't', tags: i % 2 ? tags : tags.toReversed() }] }),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(201));
    for (const { json } of replies) expect(json.tasks[0].tags).toHaveLength(20);
    expect((await tenant.get('/api/v1/tags?count=true')).json.page.total).toBe(20);
  });
});

describe('refuses', () => {
  test.each([
    ['a missing name', {}, '/name', 'required'],
    ['a blank name', { name: ' \u200b ' }, '/name', 'blank'],
    ['a name too long', { name: 'x'.repeat(256) }, '/name', 'too_long'],
    ['a name of another type', { name: 1 }, '/name', 'wrong_type'],
    ['an id', { name: 'x', id: '00000000-0000-4000-8000-000000000000' }, '/id', 'unknown_member'],
    [
      'another tenant',
      { name: 'x', tenant_id: '00000000-0000-4000-8000-000000000000' },
      '/tenant_id',
      'unknown_member',
    ],
    ['an unknown status', { name: 'x', status: 'open' }, '/status', 'invalid_value'],
    ['metadata that are a list', { name: 'x', metadata: [] }, '/metadata', 'wrong_type'],
    ['metadata too large', { name: 'x', metadata: { a: 'x'.repeat(16_376) } }, '/metadata', 'too_large'],
    ['a task without title', { name: 'x', tasks: [{ title: 'a' }, {}] }, '/tasks/1/title', 'required'],
    [
      'a date that does not exist',
      { name: 'x', tasks: [{ title: 'a', due_on: '2026-02-29' }] },
      '/tasks/0/due_on',
      'invalid_format',
    ],
    [
      'a subtask’s priority',
      { name: 'x', tasks: [{ title: 'a', subtasks: [{ title: 'b', priority: 5 }] }] },
      '/tasks/0/subtasks/0/priority',
      'too_big',
    ],
    [
      'a task’s metadata too large',
      { name: 'x', tasks: [{ title: 'a', metadata: { a: 'x'.repeat(17_000) } }] },
      '/tasks/0/metadata',
      'too_large',
    ],
  ])('%s', async (_, body, pointer, code) => {
    const tenant = await api.tenant();
    const before = api.database.endpoint.requests;
    const { status, json } = await tenant.post(path, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'validation_failed', errors: [{ pointer, code }] });
    expect(api.database.endpoint.requests).toBe(before);
  });

  test('an answer beyond 8 MiB, and nothing of it stays', async () => {
    const tenant = await api.tenant();
    const metadata = { n: Array.from({ length: 50 }, () => 1e-299) };
    const reply = await tenant.post(path, {
      name: 'x',
      tasks: Array.from({ length: 500 }, () => ({
        title: 't',
        metadata: { ...metadata, d: 'x'.repeat(1200) },
        description: 'x'.repeat(400),
      })),
    });
    expect(reply).toMatchObject({ status: 422, json: { code: 'unprocessable', errors: [{ pointer: '/tasks' }] } });
    expect((await tenant.get(path)).json.data).toEqual([]);
  });

  test('metadata of 16 KiB exactly are taken', async () => {
    const tenant = await api.tenant();
    const { status } = await tenant.post(path, { name: 'x', metadata: { a: 'x'.repeat(16_375) } });
    expect(status).toBe(201);
  });
});

describe('Idempotency-Key', () => {
  const body = { name: 'Once', tasks: [{ title: 'a', tags: ['t'] }] };
  const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });

  test('gives the first answer again, in two round trips', async () => {
    const tenant = await api.tenant();
    const first = await tenant.post(path, body, keyed('k'));
    expect(first.status).toBe(201);
    expect(first.headers.get('Idempotency-Replayed')).toBeNull();
    const again = await tenant.post(path, body, keyed('"k"'));
    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
    for (const name of ['ETag', 'Location']) expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(again.headers.get('Idempotency-Replayed')).toBe('true');
    expect(again.headers.get('Server-Timing')).toContain('desc="2 round trips"');
    expect((await tenant.get(path)).json.data).toHaveLength(1);
  });

  test('refuses the key with another request, also on another path', async () => {
    const tenant = await api.tenant();
    await tenant.post(path, body, keyed('k'));
    const other = await tenant.post(path, { ...body, name: 'Twice' }, keyed('k'));
    expect(other).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
    expect((await tenant.post('/api/v1/tags', { name: 'x' }, keyed('k'))).status).toBe(422);
  });

  test('is the tenant’s own', async () => {
    const [one, two] = [await api.tenant(), await api.tenant()];
    await one.post(path, body, keyed('k'));
    const reply = await two.post(path, { name: 'Mine' }, keyed('k'));
    expect(reply).toMatchObject({ status: 201, json: { name: 'Mine' } });
  });

  test('a failed request stores nothing', async () => {
    const tenant = await api.tenant();
    await tenant.post('/api/v1/tags', { name: 'taken' });
    expect((await tenant.post('/api/v1/tags', { name: 'TAKEN' }, keyed('k'))).status).toBe(409);
    expect((await tenant.post(path, body, keyed('k'))).status).toBe(201);
  });

  test('of many duplicates at once, one is carried out', async () => {
    const tenant = await api.tenant();
    const replies = await Promise.all(Array.from({ length: 20 }, () => tenant.post(path, body, keyed('k'))));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies.filter(({ headers }) => !headers.get('Idempotency-Replayed'))).toHaveLength(1);
    expect((await tenant.get(path)).json.data).toHaveLength(1);
  });

  test('can be used again after 24 hours', async () => {
    const tenant = await api.tenant();
    const first = await tenant.post(path, body, keyed('k'));
    await api.database.admin.query(
      `update idempotency_keys set expires_at = now() - interval '1 second' where tenant_id = $1`,
      [tenant.id],
    );
    const second = await tenant.post(path, body, keyed('k'));
    expect(second.status).toBe(201);
    expect(second.json.id).not.toBe(first.json.id);
  });

  test.each(['""', 'x'.repeat(256), '\u00e9'])('refuses the key %j', async (key) => {
    const tenant = await api.tenant();
    const reply = await tenant.post(path, body, keyed(key));
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });
});
