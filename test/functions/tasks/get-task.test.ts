import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';

const api = useApi();

interface Node {
  id: string;
  title: string;
  subtasks: Node[];
}

/** A tree as titles alone. */
const outline = ({ title, subtasks }: Node): unknown => (subtasks.length ? { [title]: subtasks.map(outline) } : title);

async function world(tasks: unknown[] = [{ title: 'a', tags: ['t', 'S'] }]) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const id = (title: string): string => json.tasks.find((task: Node) => task.title === title).id;
  return { tenant, project: json, id, path: `/api/v1/tasks/${json.tasks[0].id}` };
}

test('shows the task with its project', async () => {
  const { tenant, project, path } = await world();
  const { status, json, headers } = await tenant.get(path, { role: 'viewer' });
  expect(status).toBe(200);
  expect(json).toEqual({ ...project.tasks[0], project: { id: project.id, name: 'P' }, blocked_by: [], blocks: [] });
  expect(json.tags.map(({ name }: { name: string }) => name)).toEqual(['S', 't']);
  const etag = headers.get('ETag') ?? '';
  expect(etag).toMatch(/^"1\.[0-9a-f]{32}"$/);
  for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    expect(await tenant.get(path, { headers: { 'If-None-Match': value } })).toMatchObject({ status: 304, text: '' });
  }
  const included = await tenant.get(`${path}?include=subtasks`);
  expect(included.json).toEqual({ ...json, subtasks: [] });
  expect(included.headers.get('ETag')).not.toBe(etag);
  expect((await tenant.get(path.replace(json.id, json.id.toUpperCase()))).json).toEqual(json);
});

test('the name of its project is that of now, and belongs to the ETag', async () => {
  const { tenant, project, path } = await world();
  const { headers } = await tenant.get(path);
  await tenant.call(`/api/v1/projects/${project.id}`, { method: 'PATCH', body: { name: 'Renamed' } });
  const reply = await tenant.get(path, { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(reply).toMatchObject({ status: 200, json: { version: 1, project: { name: 'Renamed' } } });
});

test('what is unknown, trashed or another tenant’s is the same 404', async () => {
  const { tenant, path } = await world();
  const unknown = await tenant.get(`/api/v1/tasks/${UNKNOWN}`);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  const stranger = await api.tenant();
  await tenant.call(path, { method: 'DELETE' });
  for (const suffix of ['', '?include=subtasks']) {
    expect(anonymous((await stranger.get(`${path}${suffix}`)).text)).toBe(anonymous(unknown.text));
    expect(anonymous((await tenant.get(`${path}${suffix}`)).text)).toBe(anonymous(unknown.text));
  }
});

test.each([
  ['1', '', '{id}'],
  [UNKNOWN, '?include=tasks', '?include'],
  [UNKNOWN, '?fields=id', '?fields'],
])('refuses %s%s', async (id, query, pointer) => {
  const tenant = await api.tenant();
  expect(await tenant.get(`/api/v1/tasks/${id}${query}`)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer }] },
  });
});

describe('include=subtasks', () => {
  const tree = [
    {
      title: 'root',
      subtasks: [
        { title: 'a', tags: ['z', 'y'], subtasks: [{ title: 'a1' }, { title: 'a2' }] },
        { title: 'b', subtasks: [{ title: 'b1' }] },
        { title: 'c' },
      ],
    },
    { title: 'beside', subtasks: [{ title: 'below beside' }] },
  ];

  test('nests what lies below, each with its tags, in their order', async () => {
    const { tenant, project, id, path } = await world(tree);
    await tenant.call(`/api/v1/tasks/${id('c')}`, { method: 'PATCH', body: { position: 0 } });
    await tenant.call(`/api/v1/tasks/${id('a2')}`, { method: 'PATCH', body: { position: 1.5 } });
    const { json } = await tenant.get(`${path}?include=subtasks`);
    expect(outline(json)).toEqual({ root: ['c', { a: ['a2', 'a1'] }, { b: ['b1'] }] });
    const shown = project.tasks.find((task: Node) => task.title === 'b1');
    expect(json.subtasks[2].subtasks[0]).toEqual({ ...shown, subtasks: [] });
    expect(json.subtasks[1].tags).toMatchObject([{ name: 'y' }, { name: 'z' }]);
    expect(json.subtasks[1]).not.toHaveProperty('project');
    const inner = (await tenant.get(`/api/v1/tasks/${id('a')}?include=subtasks`)).json;
    expect(outline(inner)).toEqual({ a: ['a2', 'a1'] });
  });

  test('leaves out what is in the trash', async () => {
    const { tenant, id, path } = await world(tree);
    for (const title of ['a', 'b1']) await tenant.call(`/api/v1/tasks/${id(title)}`, { method: 'DELETE' });
    expect(outline((await tenant.get(`${path}?include=subtasks`)).json)).toEqual({ root: ['b', 'c'] });
  });

  test('down to level 10', async () => {
    const { tenant, project, path } = await world([{ title: '1' }]);
    let parent_id = project.tasks[0].id;
    for (let level = 2; level <= 10; level++) {
      const { json } = await tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: `${level}`, parent_id });
      parent_id = json.id;
    }
    let node: Node | undefined = (await tenant.get(`${path}?include=subtasks`)).json;
    const titles: string[] = [];
    for (; node; node = node.subtasks[0]) titles.push(node.title);
    expect(titles).toEqual(Array.from({ length: 10 }, (_, i) => `${i + 1}`));
  });

  test('at most 1 000', async () => {
    const { tenant, project, path } = await world([{ title: 'root' }]);
    const insert = (n: number) =>
      api.database.admin.query(
        `insert into tasks (tenant_id, project_id, parent_id, title, position)
         select $1, $2, $3, 't', n from generate_series(1, $4::integer) as n`,
        [tenant.id, project.id, project.tasks[0].id, n],
      );
    await insert(1000);
    expect((await tenant.get(`${path}?include=subtasks`)).json.subtasks).toHaveLength(1000);
    await insert(1);
    expect(await tenant.get(`${path}?include=subtasks`)).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '?include' }] },
    });
    expect((await tenant.get(path)).status).toBe(200);
  });

  test('what is in the trash does not count towards them', async () => {
    const { tenant, project, path } = await world([{ title: 'root' }]);
    await api.database.admin.query(
      `insert into tasks (tenant_id, project_id, parent_id, title, position, deleted_at, trash_id)
       select $1, $2, $3, 't', n, case when n > 10 then now() end, case when n > 10 then uuidv7() end
       from generate_series(1, 1001) as n`,
      [tenant.id, project.id, project.tasks[0].id],
    );
    expect((await tenant.get(`${path}?include=subtasks`)).json.subtasks).toHaveLength(10);
  });

  test('an answer beyond 8 MiB is 422 and names the parameter', async () => {
    const { tenant, project, path } = await world([{ title: 'root' }]);
    await api.database.admin.query(
      `insert into tasks (tenant_id, project_id, parent_id, title, position, description)
       select $1, $2, $3, 't', n, repeat('x', 10000) from generate_series(1, 900) as n`,
      [tenant.id, project.id, project.tasks[0].id],
    );
    expect(await tenant.get(`${path}?include=subtasks`)).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '?include', code: 'answer_too_large' }] },
    });
  });
});
