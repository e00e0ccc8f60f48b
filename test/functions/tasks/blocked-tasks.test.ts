import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { history } from '../../support/writes.ts';
import { type BlockersWorld, blockersWorld } from './blockers-world.ts';

/* What tasks show of their dependencies, wherever they are shown, and what becomes of these when tasks go and come back. */

const api = useApi();

const LISTS = ['/api/v1/tasks?limit=100', '/api/v1/projects?include=tasks', '/api/v1/projects/{id}'];

/** Whether a task is blocked, which is the same wherever it is shown, and in whichever list the filter finds it. */
async function isBlocked({ tenant, project, id, shown }: BlockersWorld, title: string): Promise<boolean> {
  const { is_blocked, project_id } = await shown(title);
  for (const list of LISTS) {
    const { json } = await tenant.get(list.replace('{id}', String(project_id)));
    const all = [json, ...(json.data ?? [])].flatMap((item) => item.tasks ?? item);
    expect(all.find((task: { id: string }) => task.id === id(title))?.is_blocked, list).toBe(is_blocked);
  }
  for (const list of ['/api/v1/tasks', `/api/v1/projects/${project.id}/tasks`]) {
    if (list !== '/api/v1/tasks' && project_id !== project.id) continue;
    for (const blocked of [true, false]) {
      const { json } = await tenant.get(`${list}?limit=100&blocked=${blocked}`);
      const titles = json.data.map((task: { title: string }) => task.title);
      expect(titles.includes(title), `${list} ${blocked}`).toBe(blocked === is_blocked);
    }
  }
  return is_blocked;
}

const setStatus = ({ tenant, at }: BlockersWorld, title: string, status: string) =>
  tenant.call(at(title), { method: 'PATCH', body: { status } });

describe('a task is blocked', () => {
  test.each([
    ['pending', true],
    ['in_progress', true],
    ['completed', false],
    ['cancelled', false],
  ])('by one that is %s: %s', async (status, blocks) => {
    const world = await blockersWorld(api);
    await world.put('a', 'b');
    await setStatus(world, 'b', status);
    expect(await isBlocked(world, 'a')).toBe(blocks);
    expect(await world.shown('a')).toMatchObject({ version: 2, blocked_by: [{ title: 'b', status }] });
    expect([await isBlocked(world, 'b'), await isBlocked(world, 'c')]).toEqual([false, false]);
  });

  test('until the last of its blockers has ended, and again when one is taken up', async () => {
    const world = await blockersWorld(api, ['a', 'b', 'c', 'd']);
    for (const blocker of ['b', 'c', 'd']) await world.put('a', blocker);
    const seen: boolean[] = [];
    const look = async () => seen.push(await isBlocked(world, 'a'));
    await setStatus(world, 'b', 'completed');
    await look();
    await setStatus(world, 'c', 'cancelled');
    await look();
    await world.trash('d');
    await look();
    await setStatus(world, 'b', 'in_progress');
    await look();
    await world.off('a', 'b');
    await look();
    await world.restore('d');
    await look();
    await world.off('a', 'd');
    await look();
    expect(seen).toEqual([true, true, false, true, false, true, false]);
    // Three blockers put, two taken off, and nothing else.
    expect(await world.shown('a')).toMatchObject({ version: 6, blocked_by: [{ title: 'c' }] });
  });
});

describe('dependencies outlast', () => {
  test('the trash and what comes back from it, on either side', async () => {
    const world = await blockersWorld(api);
    const { put, trash, restore, shown } = world;
    await put('a', 'b');
    await trash('b');
    expect(await isBlocked(world, 'a')).toBe(false);
    expect(await shown('a')).toMatchObject({ version: 2, blocked_by: [] });
    await restore('b');
    expect(await isBlocked(world, 'a')).toBe(true);
    expect(await shown('a')).toMatchObject({ version: 2, blocked_by: [{ title: 'b' }] });
    await trash('a');
    expect(await shown('b')).toMatchObject({ version: 3, blocks: [] });
    expect((await restore('a')).json).toMatchObject({ version: 4, is_blocked: true });
    expect(await shown('b')).toMatchObject({ version: 3, blocks: [{ title: 'a' }] });
  });

  test('the trash of a whole project', async () => {
    const world = await blockersWorld(api);
    const { tenant, project, put } = world;
    const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] });
    const [q] = other.tasks;
    await put('a', q.id);
    await put('b', 'a');
    await tenant.call(`/api/v1/projects/${other.id}`, { method: 'DELETE' });
    expect([await isBlocked(world, 'a'), await isBlocked(world, 'b')]).toEqual([false, true]);
    await tenant.post(`/api/v1/projects/${other.id}/restore`, undefined);
    expect(await isBlocked(world, 'a')).toBe(true);
    await tenant.call(`/api/v1/projects/${project.id}`, { method: 'DELETE' });
    await tenant.post(`/api/v1/projects/${project.id}/restore`, undefined);
    expect([await isBlocked(world, 'a'), await isBlocked(world, 'b')]).toEqual([true, true]);
    await tenant.call(`/api/v1/projects/${other.id}`, { method: 'DELETE' });
    await tenant.post(`/api/v1/projects/${other.id}/purge`, undefined);
    expect([await isBlocked(world, 'a'), await isBlocked(world, 'b')]).toEqual([false, true]);
    expect(await world.shown('a')).toMatchObject({ version: 4, blocked_by: [] });
  });

  test('a move of either task', async () => {
    const world = await blockersWorld(api);
    const { tenant, at, put, shown } = world;
    const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q' });
    const move = (title: string) => tenant.call(at(title), { method: 'PATCH', body: { project_id: other.id } });
    await put('a', 'b');
    await move('b');
    expect(await isBlocked(world, 'a')).toBe(true);
    expect(await shown('a')).toMatchObject({ version: 2, blocked_by: [{ title: 'b', project_id: other.id }] });
    await move('a');
    expect(await isBlocked(world, 'a')).toBe(true);
    expect(await shown('b')).toMatchObject({ blocks: [{ title: 'a', project_id: other.id }] });
  });

  test('no purge: who is purged blocks nobody and is blocked by nobody, and changes no other task', async () => {
    const world = await blockersWorld(api);
    const { tenant, id, put, purge, shown } = world;
    await put('a', 'b');
    await put('b', 'c');
    expect((await purge('b')).status).toBe(204);
    expect(await isBlocked(world, 'a')).toBe(false);
    expect(await shown('a')).toMatchObject({ version: 2, blocked_by: [] });
    expect(await shown('c')).toMatchObject({ version: 1, blocks: [] });
    const { rows } = await api.database.admin.query('select from dependencies where tenant_id = $1', [tenant.id]);
    expect(rows).toEqual([]);
    // Of what is purged no value stays behind, but that it once blocked another one does.
    expect(new Set((await history(tenant, id('b'))).map(({ changes }) => JSON.stringify(changes)))).toEqual(
      new Set(['{}']),
    );
    expect((await history(tenant, id('a'))).at(-1)).toMatchObject({
      action: 'delete',
      resource_type: 'dependency',
      changes: { blocker_id: [id('b'), null] },
    });
  });
});

describe('a task alone shows what blocks it, and what it blocks', () => {
  test('by title, then by id', async () => {
    const { tenant, project, id, at, put } = await blockersWorld(api, ['m', 'é', 'f', 'E', 'e', 'Z']);
    for (const blocker of ['é', 'f', 'E', 'e', 'Z']) await put('m', blocker);
    const { json: twin } = await tenant.post(`/api/v1/projects/${project.id}/tasks`, { title: 'f' });
    await put('m', twin.id);
    const { json } = await tenant.get(at('m'), { role: 'viewer' });
    const titles = json.blocked_by.map(({ title }: { title: string }) => title);
    expect(titles).toEqual(['e', 'E', 'é', 'f', 'f', 'Z']);
    expect(json.blocked_by[3]).toEqual({ id: id('f'), project_id: project.id, title: 'f', status: 'pending' });
    expect(json.blocked_by[4].id).toBe(twin.id);
    expect((await tenant.get(at('f'))).json.blocks).toMatchObject([{ id: id('m') }]);
    expect((await tenant.get(`${at('m')}?include=subtasks`)).json).toEqual({ ...json, subtasks: [] });
  });

  test('and so does its ETag', async () => {
    const { tenant, at, put } = await blockersWorld(api);
    await put('a', 'b');
    const { headers } = await tenant.get(at('a'));
    const again = () => tenant.get(at('a'), { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
    expect((await again()).status).toBe(304);
    await tenant.call(at('b'), { method: 'PATCH', body: { title: 'renamed' } });
    expect(await again()).toMatchObject({ status: 200, json: { version: 2, blocked_by: [{ title: 'renamed' }] } });
  });

  test('and nothing else does', async () => {
    const { tenant, project, at, put, trash, restore } = await blockersWorld(api);
    await put('a', 'b');
    await trash('c');
    const answers = [
      (await tenant.get('/api/v1/tasks')).json.data[0],
      (await tenant.get(`/api/v1/projects/${project.id}`)).json.tasks[0],
      (await tenant.get(`${at('a')}?include=subtasks`)).json.subtasks,
      (await tenant.call(at('a'), { method: 'PATCH', body: { title: 'A' } })).json,
      (await restore('c')).json,
    ];
    for (const answer of answers) expect(answer).not.toHaveProperty('blocked_by');
    expect(await tenant.get('/api/v1/tasks?fields=blocked_by')).toMatchObject({ status: 400 });
  });

  test('refuses what would exceed 8 MiB', { timeout: 60_000 }, async () => {
    const { tenant, project, id, at } = await blockersWorld(api);
    const { admin } = api.database;
    await admin.query('set session_replication_role = replica');
    await admin.query(
      `with made as (
         insert into tasks (tenant_id, project_id, title, position)
         select $1, $2, repeat('😀', 255), n from generate_series(1, 9000) as n returning id)
       insert into dependencies (tenant_id, task_id, blocker_id) select $1, id, $3 from made`,
      [tenant.id, project.id, id('a')],
    );
    await admin.query('set session_replication_role = origin');
    expect(await tenant.get(at('a'))).toMatchObject({ status: 422, json: { code: 'unprocessable' } });
    expect((await tenant.get(at('b'))).status).toBe(200);
  });
});

test.each(['yes', '1', 'TRUE', 'true,false'])('blocked=%s is refused', async (value) => {
  const { tenant, project } = await blockersWorld(api);
  for (const list of ['/api/v1/tasks', `/api/v1/projects/${project.id}/tasks`]) {
    expect(await tenant.get(`${list}?blocked=${value}`)).toMatchObject({
      status: 400,
      json: { code: 'validation_failed', errors: [{ pointer: '?blocked' }] },
    });
  }
});

test('the filter goes with others, from page to page, and its cursor is bound to it', async () => {
  const titles = Array.from({ length: 7 }, (_, n) => `t${n}`);
  const { tenant, project, put } = await blockersWorld(api, titles);
  for (const n of [1, 3, 5]) await put(`t${n}`, 't0');
  const found: Record<string, string[]> = { true: [], false: [] };
  for (const blocked of ['true', 'false']) {
    let cursor = '';
    do {
      const { json } = await tenant.get(
        `/api/v1/projects/${project.id}/tasks?blocked=${blocked}&status=pending&limit=2${cursor}`,
      );
      found[blocked]?.push(...json.data.map(({ title }: { title: string }) => title));
      cursor = json.page.next_cursor ? `&cursor=${json.page.next_cursor}` : '';
      if (!cursor) continue;
      const other = await tenant.get(
        `/api/v1/projects/${project.id}/tasks?blocked=${blocked !== 'true'}&status=pending&limit=2${cursor}`,
      );
      expect(other).toMatchObject({ status: 400, json: { code: 'invalid_cursor' } });
    } while (cursor);
  }
  expect(found).toEqual({ true: ['t1', 't3', 't5'], false: ['t0', 't2', 't4', 't6'] });
  const counted = await tenant.get('/api/v1/tasks?blocked=true&count=true&limit=1');
  expect(counted.json.page).toMatchObject({ total: 3, has_more: true });
});
