import { describe, expect, test } from 'vitest';
import type { TestTenant } from '../../support/api.ts';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  knowsOnlyItsOwn,
  meetingAt,
  stored,
  type Write,
} from '../../support/writes.ts';

const api = useApi();
const path = (id: string) => `/api/v1/tasks/${id}`;

interface Shown {
  id: string;
  title: string;
  parent_id: string | null;
  position: number;
}

async function world(tasks: unknown[] = [{ title: 'a', tags: ['t'] }]) {
  const tenant = await api.tenant();
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const id = (title: string): string => json.tasks.find((task: Shown) => task.title === title).id;
  const patch = (title: string, body: unknown, headers = {}) =>
    tenant.call(path(id(title)), { method: 'PATCH', body, headers });
  return { tenant, project: json.id as string, task: json.tasks[0], id, patch };
}

const titles = async (tenant: TestTenant, project: string) =>
  (await tenant.get(`/api/v1/projects/${project}`)).json.tasks.map(({ title, position }: Shown) => [title, position]);

async function make(): Promise<Write> {
  const { tenant, task } = await world();
  return { tenant, table: 'tasks', id: task.id, method: 'PATCH', path: path(task.id), body: { title: 'b' } };
}

heedsIfMatch(api, 200, make);
heedsIdempotencyKey(api, 200, make);
knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(write.path, { method: 'DELETE' });
  return write;
});

test('changes what it names and nothing else, and answers as GET does', async () => {
  const { tenant, project, task, patch } = await world([
    { title: 'a', description: 'd', due_on: '2026-01-31', metadata: { k: 1 }, tags: ['t'] },
  ]);
  const { status, json, headers } = await patch('a', {
    title: ' Cafe\u0301 ',
    description: null,
    priority: 3,
    due_on: null,
    position: -2.5,
  });
  expect(status).toBe(200);
  expect(json).toEqual({
    ...task,
    title: 'Caf\u00e9',
    description: null,
    priority: 3,
    due_on: null,
    position: -2.5,
    version: 2,
    updated_at: json.updated_at,
    project: { id: project, name: 'P' },
  });
  expect(Date.parse(json.updated_at)).toBeGreaterThanOrEqual(Date.parse(json.created_at));
  const got = await tenant.get(path(task.id));
  expect(got.json).toEqual(json);
  expect(got.headers.get('ETag')).toBe(headers.get('ETag'));
  expect(headers.get('ETag')).toMatch(/^"2\.[0-9a-f]{32}"$/);
  expect((await history(tenant, task.id)).at(-1)).toMatchObject({
    action: 'update',
    resource_type: 'task',
    changes: {
      title: ['a', 'Caf\u00e9'],
      description: ['d', null],
      priority: [0, 3],
      due_on: ['2026-01-31', null],
      position: [1, -2.5],
    },
  });
});

test('a patch that changes nothing leaves the version, updated_at and the audit log alone', async () => {
  const { tenant, project, task, patch } = await world([
    { title: 'p', metadata: { a: { b: 1 } }, tags: ['One', 'two'], status: 'completed', subtasks: [{ title: 'c' }] },
  ]);
  const before = [await stored(api, { table: 'tasks', id: task.id }), await history(tenant, task.id)];
  for (const body of [
    {},
    { title: ' p ', description: null, status: 'completed', priority: 0, due_on: null, position: 1 },
    { metadata: { a: {}, x: null } },
    { metadata: {} },
    { tags: ['TWO', 'one'] },
    { tags: { add: ['two'], remove: ['unknown'] } },
    { tags: {} },
    { parent_id: null },
    { project_id: project },
    { project_id: project.toUpperCase(), parent_id: null },
  ]) {
    const { status, json, text } = await patch('p', body);
    expect(status, text).toBe(200);
    expect(json).toMatchObject({ version: 1, updated_at: json.created_at, tags: [{ name: 'One' }, { name: 'two' }] });
  }
  expect([await stored(api, { table: 'tasks', id: task.id }), await history(tenant, task.id)]).toEqual(before);
});

test('one patch is one version, whatever it changes', async () => {
  const { tenant, patch } = await world();
  const other = await tenant.post('/api/v1/projects', { name: 'Q' });
  const { json } = await patch('a', {
    title: 'b',
    status: 'completed',
    metadata: { k: 1 },
    tags: ['u', 'v'],
    project_id: other.json.id,
    position: 9,
  });
  expect(json).toMatchObject({ version: 2, position: 9, project: { name: 'Q' } });
  expect((await tenant.get(path(json.id))).json.version).toBe(2);
});

test('merge-patch+json is taken too', async () => {
  const { patch } = await world();
  const reply = await patch('a', { title: 'b' }, { 'Content-Type': 'application/merge-patch+json' });
  expect(reply).toMatchObject({ status: 200, json: { title: 'b' } });
});

test('metadata are merged, and measured afterwards', async () => {
  const { patch } = await world([{ title: 'a', metadata: { a: { b: 1, c: 2 }, l: [1], big: 'x'.repeat(9000) } }]);
  expect((await patch('a', { metadata: { a: { b: null, d: 3 }, l: [2] } })).json.metadata).toEqual({
    a: { c: 2, d: 3 },
    l: [2],
    big: 'x'.repeat(9000),
  });
  const reply = await patch('a', { metadata: { more: 'x'.repeat(9000) } });
  expect(reply).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer: '/metadata', code: 'too_large' }] },
  });
  expect((await patch('a', { metadata: { big: null, more: 'x'.repeat(9000) } })).status).toBe(200);
});

describe('status', () => {
  const allowed: Record<string, string[]> = {
    pending: ['pending', 'in_progress', 'completed', 'cancelled'],
    in_progress: ['in_progress', 'pending', 'completed', 'cancelled'],
    completed: ['completed', 'in_progress'],
    cancelled: ['cancelled', 'pending'],
  };
  const all = Object.keys(allowed);

  test.each(all)('from %s', async (from) => {
    const { patch, task } = await world(all.map((to) => ({ title: to, status: from })));
    expect(task.completed_at === null).toBe(from !== 'completed');
    for (const to of all) {
      const { status, json } = await patch(to, { status: to });
      if (allowed[from]?.includes(to)) {
        expect(status, `${from} → ${to}`).toBe(200);
        const at = to !== 'completed' ? null : from === to ? task.completed_at : json.updated_at;
        expect(json).toMatchObject({ status: to, completed_at: at, version: from === to ? 1 : 2 });
      } else {
        expect({ status, ...json }, `${from} → ${to}`).toMatchObject({
          status: 409,
          code: 'invalid_transition',
          from,
          to,
        });
        expect(new Set(json.allowed)).toEqual(new Set(allowed[from]));
      }
    }
  });

  test('a refused transition takes the whole patch with it', async () => {
    const { tenant, task, patch } = await world([{ title: 'a', status: 'completed', tags: ['t'] }]);
    expect((await patch('a', { title: 'b', status: 'pending', tags: ['new'] })).status).toBe(409);
    expect((await tenant.get(path(task.id))).json).toMatchObject({ title: 'a', version: 1, tags: [{ name: 't' }] });
    expect((await tenant.get('/api/v1/tags')).json.data).toHaveLength(1);
  });
});

describe('tags', () => {
  const names = (json: { tags: { name: string }[] }) => json.tags.map(({ name }) => name);

  test('as the whole list', async () => {
    const { tenant, patch } = await world([{ title: 'a', tags: ['Keep', 'drop'] }]);
    const { json } = await patch('a', { tags: ['new', 'KEEP', 'New'] });
    expect(names(json)).toEqual(['Keep', 'new']);
    expect(json.version).toBe(2);
    const none = await patch('a', { tags: [] });
    expect(none.json).toMatchObject({ version: 3, tags: [] });
    const { data } = (await tenant.get('/api/v1/tags')).json;
    expect(data.map((tag: { name: string; task_count: number }) => [tag.name, tag.task_count])).toEqual([
      ['drop', 0],
      ['Keep', 0],
      ['new', 0],
    ]);
  });

  test('as what to add and what to remove', async () => {
    const { tenant, task, patch } = await world([{ title: 'a', tags: ['x', 'Straße'] }]);
    const { json } = await patch('a', { tags: { add: ['y', 'X'], remove: ['STRASSE', 'unknown'] } });
    expect(names(json)).toEqual(['x', 'y']);
    expect(json.version).toBe(2);
    expect((await patch('a', { tags: { remove: ['y'] } })).json).toMatchObject({ version: 3, tags: [{ name: 'x' }] });
    expect((await patch('a', { tags: { add: ['z'] } })).json).toMatchObject({
      version: 4,
      tags: [{ name: 'x' }, { name: 'z' }],
    });
    expect((await tenant.get('/api/v1/tags?q=unknown')).json.data).toEqual([]);
    const taggings = (await history(tenant, task.id)).filter(({ resource_type }) => resource_type === 'tagging');
    expect(taggings.map(({ action }) => action).sort()).toEqual([
      'delete',
      'delete',
      'insert',
      'insert',
      'insert',
      'insert',
    ]);
  });

  test.each([
    ['null', null],
    ['a name in both', { add: ['a', 'b'], remove: ['c', 'b'] }],
    ['a name in both, in other case', { add: ['Straße'], remove: ['STRASSE'] }],
    ['a name in both, in another Unicode form', { add: ['Caf\u00e9'], remove: [' cafe\u0301 '] }],
    ['a name in both, with a capital sharp s', { add: ['STRA\u1e9eE'], remove: ['stra\u00dfe'] }],
    ['more than 50', Array.from({ length: 51 }, (_, i) => `t${i}`)],
    ['a string', 'a'],
  ])('refuses %s', async (_, tags) => {
    const { patch } = await world();
    expect(await patch('a', { tags })).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: '/tags' }] },
    });
  });

  test.each([
    [{ tags: ['a', ' '] }, '/tags/1'],
    [{ tags: { add: ['a', ''] } }, '/tags/add/1'],
    [{ tags: { set: ['a'] } }, '/tags/set'],
    [{ tags: { add: null } }, '/tags/add'],
  ])('refuses %j', async (body, pointer) => {
    const { patch } = await world();
    expect(await patch('a', body)).toMatchObject({ status: 400, json: { errors: [{ pointer }] } });
  });

  test('50 and no more', async () => {
    const many = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `t${from + i}`);
    const { tenant, task, patch } = await world([{ title: 'a', tags: many(49) }]);
    expect((await patch('a', { tags: { add: ['t50'] } })).json.tags).toHaveLength(50);
    const reply = await patch('a', { title: 'b', tags: { add: ['t51'] } });
    expect(reply).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: '/tags', code: 'too_long' }] },
    });
    expect((await tenant.get(path(task.id))).json).toMatchObject({ title: 'a', version: 2 });
    expect((await tenant.get('/api/v1/tags?q=t51')).json.data).toEqual([]);
    expect((await patch('a', { tags: { add: ['t51'], remove: ['T0'] } })).json.tags).toHaveLength(50);
    expect((await patch('a', { tags: many(50, 20) })).json.tags).toHaveLength(50);
  });

  test('of patches that add different tags at once, none is lost', async () => {
    const { tenant, task, patch } = await world([{ title: 'a' }]);
    const added = Array.from({ length: 6 }, (_, i) => `t${i}`);
    const replies = await meetingAt(api, { table: 'tasks', id: task.id }, () =>
      added.map((name) => patch('a', { tags: { add: [name] } })),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(6).fill(200));
    const { json } = await tenant.get(path(task.id));
    expect(names(json)).toEqual(added);
    expect(json.version).toBe(7);
  });
});

describe('moves', () => {
  const tree = [
    {
      title: 'root',
      tags: ['t'],
      subtasks: [{ title: 'low', subtasks: [{ title: 'lowest' }] }, { title: 'gone' }],
    },
    { title: 'beside' },
  ];

  async function twoProjects() {
    const first = await world(tree);
    const { json } = await first.tenant.post('/api/v1/projects', {
      name: 'Q',
      tasks: [{ title: 'q1' }, { title: 'q2', subtasks: [{ title: 'q3' }] }],
    });
    const target = (title: string): string => json.tasks.find((task: Shown) => task.title === title).id;
    return { ...first, other: json.id as string, target };
  }

  test('to the end of another project, with all below, trashed members too', async () => {
    const { tenant, project, other, id, patch } = await twoProjects();
    await tenant.call(path(id('gone')), { method: 'DELETE' });
    await patch('low', { position: 0.5 });
    const { status, json } = await patch('root', { project_id: other });
    expect(status).toBe(200);
    expect(json).toMatchObject({ project_id: other, parent_id: null, version: 2, project: { id: other, name: 'Q' } });
    expect(await titles(tenant, project)).toEqual([['beside', 5]]);
    const moved = (await tenant.get(`/api/v1/projects/${other}`)).json.tasks;
    expect(moved.map(({ title }: Shown) => title)).toEqual(['q1', 'q2', 'q3', 'low', 'root', 'lowest']);
    expect(moved.map(({ position }: Shown) => position)).toEqual(
      moved.map(({ position }: Shown) => position).toSorted((a: number, b: number) => a - b),
    );
    const parents = Object.fromEntries(moved.map(({ title, parent_id }: Shown) => [title, parent_id]));
    expect(parents).toMatchObject({ root: null, low: id('root'), lowest: id('low') });
    const back = await tenant.post(`${path(id('gone'))}/restore`, undefined);
    expect(back).toMatchObject({ status: 200, json: { project_id: other, parent_id: id('root') } });
    expect((await titles(tenant, other)).map(([title]: [string]) => title)).toContain('gone');
  });

  test('each row that moves has a new version and an entry in the audit log', async () => {
    const { tenant, project, other, id, patch } = await twoProjects();
    await patch('root', { project_id: other });
    for (const title of ['root', 'low', 'lowest', 'gone']) {
      const { json } = await tenant.get(path(id(title)));
      expect(json.version, title).toBe(2);
      expect((await history(tenant, id(title))).at(-1)).toMatchObject({
        action: 'update',
        changes: { project_id: [project, other] },
      });
    }
    expect((await tenant.get(path(id('beside')))).json.version).toBe(1);
  });

  test('below another parent, to the top, and both at once', async () => {
    const { tenant, project, other, target, id, patch } = await twoProjects();
    expect((await patch('beside', { parent_id: id('lowest') })).json).toMatchObject({
      parent_id: id('lowest'),
      project_id: project,
      position: 5,
      version: 2,
    });
    expect((await patch('low', { parent_id: null })).json).toMatchObject({ parent_id: null, position: 2 });
    const { json } = await patch('low', { project_id: other, parent_id: target('q3') });
    expect(json).toMatchObject({ project_id: other, parent_id: target('q3'), position: 4 });
    expect(await titles(tenant, other)).toEqual([
      ['q1', 1],
      ['q2', 2],
      ['q3', 3],
      ['low', 4],
      ['lowest', 5],
      ['beside', 6],
    ]);
    const out = await patch('lowest', { project_id: project, parent_id: null });
    expect(out.json).toMatchObject({ project_id: project, parent_id: null, version: 3 });
  });

  test('to the position that is given with it', async () => {
    const { tenant, other, patch } = await twoProjects();
    expect((await patch('root', { project_id: other, position: 1.5 })).json.position).toBe(1.5);
    expect((await titles(tenant, other)).map(([title]: [string]) => title).slice(0, 3)).toEqual(['q1', 'root', 'q2']);
  });

  test('into an empty project it starts at 1', async () => {
    const { tenant, patch } = await world(tree);
    const { json } = await tenant.post('/api/v1/projects', { name: 'Empty', status: 'archived' });
    expect((await patch('root', { project_id: json.id })).json.position).toBe(1);
  });

  test('another project alone is a conflict for a task that has a parent, its own project is not', async () => {
    const { project, other, patch } = await twoProjects();
    expect(await patch('low', { project_id: other })).toMatchObject({ status: 409, json: { code: 'conflict' } });
    expect((await patch('low', { project_id: project })).json).toMatchObject({ version: 1 });
  });

  test('a parent must be a task of the resulting project that is not in the trash', async () => {
    const { tenant, project, other, target, id, patch } = await twoProjects();
    await tenant.call(path(id('gone')), { method: 'DELETE' });
    const stranger = await world();
    for (const body of [
      { parent_id: target('q1') },
      { parent_id: UNKNOWN },
      { parent_id: stranger.task.id },
      { parent_id: id('gone') },
      { parent_id: id('root'), project_id: other },
      { parent_id: target('q1'), project_id: project },
    ]) {
      expect(await patch('beside', body)).toMatchObject({
        status: 422,
        json: { code: 'unprocessable', errors: [{ pointer: '/parent_id' }] },
      });
    }
  });

  test('a project that is unknown, trashed or another tenant’s is 422', async () => {
    const { tenant, other, patch } = await twoProjects();
    const stranger = await world();
    await tenant.call(`/api/v1/projects/${other}`, { method: 'DELETE' });
    for (const project_id of [UNKNOWN, other, stranger.project]) {
      for (const body of [{ project_id }, { project_id, parent_id: null }]) {
        expect(await patch('root', body)).toMatchObject({
          status: 422,
          json: { code: 'unprocessable', errors: [{ pointer: '/project_id' }] },
        });
      }
    }
  });

  test.each(['root', 'low', 'lowest'])('root below %s is a cycle', async (parent) => {
    const { tenant, id, patch } = await world(tree);
    expect(await patch('root', { parent_id: id(parent) })).toMatchObject({
      status: 409,
      json: { code: 'cycle', errors: [{ pointer: '/parent_id' }] },
    });
    expect((await tenant.get(path(id('root')))).json).toMatchObject({ parent_id: null, version: 1 });
  });

  test('opposite moves at once close no cycle', async () => {
    const { project, id, patch } = await world([{ title: 'a' }, { title: 'b' }]);
    const replies = await meetingAt(api, { table: 'projects', id: project }, () => [
      patch('a', { parent_id: id('b') }),
      patch('b', { parent_id: id('a') }),
    ]);
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('not beyond level 10, counted with what lies below', async () => {
    const { tenant, project, id, patch } = await world([
      { title: 'root', subtasks: [{ title: 'low', subtasks: [{ title: 'lowest' }] }] },
    ]);
    const levels: string[] = [];
    for (let level = 1; level <= 10; level++) {
      const { json } = await tenant.post(`/api/v1/projects/${project}/tasks`, {
        title: `${level}`,
        parent_id: levels.at(-1) ?? null,
      });
      levels.push(json.id);
    }
    const [seventh, eighth] = [levels[6], levels[7]];
    expect(await patch('root', { parent_id: eighth })).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', errors: [{ pointer: '/parent_id', code: 'too_deep' }] },
    });
    await tenant.call(path(id('lowest')), { method: 'DELETE' });
    expect((await patch('root', { parent_id: eighth })).status, 'the trashed member counts').toBe(422);
    expect((await patch('root', { parent_id: seventh })).status).toBe(200);
    expect((await tenant.post(`${path(id('lowest'))}/restore`, undefined)).status).toBe(200);
  });
});

test.each([
  [{ title: null }, '/title', 'wrong_type'],
  [{ title: ' \u200b' }, '/title', 'blank'],
  [{ title: 'x'.repeat(256) }, '/title', 'too_long'],
  [{ description: 'x'.repeat(10_001) }, '/description', 'too_long'],
  [{ status: null }, '/status', 'invalid_value'],
  [{ status: 'done' }, '/status', 'invalid_value'],
  [{ priority: 5 }, '/priority', 'too_big'],
  [{ priority: null }, '/priority', 'wrong_type'],
  [{ due_on: '2026-02-29' }, '/due_on', 'invalid_format'],
  [{ position: null }, '/position', 'wrong_type'],
  [{ metadata: null }, '/metadata', 'wrong_type'],
  [{ metadata: [] }, '/metadata', 'wrong_type'],
  [{ project_id: null }, '/project_id', 'wrong_type'],
  [{ project_id: 'p' }, '/project_id', 'invalid_format'],
  [{ parent_id: 'p' }, '/parent_id', 'invalid_format'],
  [{ completed_at: null }, '/completed_at', 'unknown_member'],
  [{ version: 2 }, '/version', 'unknown_member'],
  [{ id: UNKNOWN }, '/id', 'unknown_member'],
])('refuses %j', async (body, pointer, code) => {
  const { patch } = await world();
  expect(await patch('a', body)).toMatchObject({
    status: 400,
    json: { code: 'validation_failed', errors: [{ pointer, code }] },
  });
});

test('a move with a change of every other member is one version and one entry in the audit log', async () => {
  const tenant = await api.tenant();
  const make = async (name: string) =>
    (await tenant.post('/api/v1/projects', { name, tasks: [{ title: 'a' }, { title: 'b' }] })).json;
  const [from, to] = [await make('from'), await make('to')];
  const change = {
    title: 'new',
    description: 'words',
    status: 'completed',
    priority: 4,
    due_on: '2026-12-24',
    position: 0.5,
    metadata: { a: { b: 1 } },
  };
  const reply = await tenant.call(`/api/v1/tasks/${from.tasks[0].id}`, {
    method: 'PATCH',
    body: { ...change, project_id: to.id, parent_id: to.tasks[1].id },
  });
  expect(reply.status, reply.text).toBe(200);
  expect(reply.json).toMatchObject({ ...change, version: 2, project_id: to.id, parent_id: to.tasks[1].id });
  const log = await tenant.get(`/api/v1/audit-log?resource_id=${from.tasks[0].id}&action=update`);
  expect(log.json.data).toHaveLength(1);
  expect(Object.keys(log.json.data[0].changes).sort()).toEqual(
    [...Object.keys(change), 'completed_at', 'parent_id', 'project_id'].sort(),
  );
  const back = await tenant.call(`/api/v1/tasks/${from.tasks[0].id}`, {
    method: 'PATCH',
    body: { description: null, due_on: null, status: 'in_progress', parent_id: null },
  });
  expect(back.json).toMatchObject({ description: null, due_on: null, completed_at: null, title: 'new', version: 3 });
});
