import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { history, meetingAt } from '../../support/writes.ts';
import { makeTasks, path } from './update-task-world.ts';

/* Tags in a patch of a task: as a set, and as additions and removals. */

const api = useApi();
const world = (tasks?: unknown[]) => makeTasks(api, tasks);

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
