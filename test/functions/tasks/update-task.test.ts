import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import {
  heedsIdempotencyKey,
  heedsIfMatch,
  history,
  knowsOnlyItsOwn,
  stored,
  type Write,
} from '../../support/writes.ts';
import { makeTasks, path } from './update-task-world.ts';

/* Its tags and its moves have files of their own beside this one. */

const api = useApi();
const world = (tasks?: unknown[]) => makeTasks(api, tasks);

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

/** The part of the ETag that `If-Match` compares. */
const versionOf = ({ headers }: { headers: Headers }) => headers.get('ETag')?.split('.')[0];

test('changes what it names and nothing else, and answers as GET does, without dependencies', async () => {
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
  expect(got.json).toEqual({ ...json, blocked_by: [], blocks: [] });
  expect(versionOf(got)).toBe(versionOf({ headers }));
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
