import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';
import { history, meetingAt } from '../../support/writes.ts';
import { makeTasks, path, type Shown, titles } from './update-task-world.ts';

/* A patch that moves a task: below another one, to the top, into another project. */

const api = useApi();
const world = (tasks?: unknown[]) => makeTasks(api, tasks);

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
