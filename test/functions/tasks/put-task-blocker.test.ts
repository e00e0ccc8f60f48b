import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { anonymous, UNKNOWN } from '../../support/replies.ts';
import {
  heedsIfMatch,
  history,
  inTurn,
  knowsOnlyItsOwn,
  meetingAt,
  type Write,
  waitForLocks,
} from '../../support/writes.ts';
import { blockersWorld } from './blockers-world.ts';

const api = useApi();

async function make(): Promise<Write> {
  const { tenant, id, at } = await blockersWorld(api);
  return { tenant, table: 'tasks', id: id('a'), method: 'PUT', path: `${at('a')}/blockers/${id('b')}` };
}

/** So many tasks, each blocked by the one before it, past the API; without triggers, which is much faster. */
async function makeMany(tenant: string, project: string, count: number, blockerOf: string): Promise<string[]> {
  const { admin } = api.database;
  await admin.query('begin');
  try {
    await admin.query(`set local session_replication_role = replica`);
    const { rows } = await admin.query<{ id: string }>(
      `insert into tasks (tenant_id, project_id, title, position, has_blockers)
       select $1, $2, 'task ' || n, n, true from generate_series(1, $3::integer) as n returning id`,
      [tenant, project, count],
    );
    const ids = rows.map(({ id }) => id);
    await admin.query(
      `insert into dependencies (tenant_id, task_id, blocker_id)
       select $1, ids[n], ${blockerOf} from (select $2::uuid[] as ids) as made, generate_series(2, $3::integer) as n`,
      [tenant, ids, count],
    );
    return ids;
  } finally {
    await admin.query('commit');
  }
}
const CHAIN = 'ids[n - 1]';
const STAR = 'ids[1]';

knowsOnlyItsOwn(make, async () => {
  const write = await make();
  await write.tenant.call(`/api/v1/tasks/${write.id}`, { method: 'DELETE' });
  return write;
});
heedsIfMatch(api, 204, make);

test('blocks the task, which is a change of this task alone', async () => {
  const { tenant, project, id, at, put } = await blockersWorld(api);
  expect(await put('a', 'b')).toMatchObject({ status: 204, text: '' });
  const b = { id: id('b'), project_id: project.id, title: 'b', status: 'pending' };
  expect((await tenant.get(at('a'))).json).toMatchObject({ version: 2, is_blocked: true, blocked_by: [b], blocks: [] });
  expect((await tenant.get(at('b'))).json).toMatchObject({ version: 1, is_blocked: false, blocked_by: [] });
  expect((await history(tenant, id('a'))).at(-1)).toMatchObject({
    action: 'insert',
    resource_type: 'dependency',
    changes: { blocker_id: [null, id('b')] },
  });
  expect(await history(tenant, id('b'))).toHaveLength(1);
});

test('a second time it changes nothing', async () => {
  const { tenant, id, at, put } = await blockersWorld(api);
  await put('a', 'b');
  const before = [(await tenant.get(at('a'))).text, await history(tenant, id('a'))];
  const replies = await Promise.all([put('a', 'b'), put('a', 'b'), put('a', 'b')]);
  expect(replies.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect([(await tenant.get(at('a'))).text, await history(tenant, id('a'))]).toEqual(before);
});

test('at once it is put once', async () => {
  const { put, shown } = await blockersWorld(api);
  const replies = await Promise.all(Array.from({ length: 4 }, () => put('a', 'b')));
  expect(replies.map(({ status }) => status)).toEqual(Array(4).fill(204));
  expect(await shown('a')).toMatchObject({ version: 2, blocked_by: [{}] });
});

test('also across projects', async () => {
  const { tenant, id, put, shown } = await blockersWorld(api);
  const { json: other } = await tenant.post('/api/v1/projects', { name: 'Q', tasks: [{ title: 'q' }] });
  expect((await put('a', other.tasks[0].id)).status).toBe(204);
  expect((await put(other.tasks[0].id, 'b')).status).toBe(204);
  expect(await shown('a')).toMatchObject({ blocked_by: [{ project_id: other.id, title: 'q' }] });
  expect((await put('b', 'a')).json.code).toBe('cycle');
  expect(await shown(id('b'))).toMatchObject({ version: 1, blocks: [{ title: 'q' }] });
});

test('a blocker that is unknown, trashed or another tenant’s is the same 404', async () => {
  const { put, trash, shown } = await blockersWorld(api);
  const stranger = await blockersWorld(api);
  const unknown = await put('a', UNKNOWN);
  expect(unknown).toMatchObject({ status: 404, json: { code: 'not_found' } });
  expect(anonymous((await put('a', stranger.id('b'))).text)).toBe(anonymous(unknown.text));
  await trash('b');
  expect(anonymous((await put('a', 'b')).text)).toBe(anonymous(unknown.text));
  expect(await put('a', 'x')).toMatchObject({ status: 400, json: { code: 'validation_failed' } });
  expect(await shown('a')).toMatchObject({ version: 1, is_blocked: false, blocked_by: [] });
});

test('a blocked task may still be completed', async () => {
  const { tenant, at, put } = await blockersWorld(api);
  await put('a', 'b');
  const done = await tenant.call(at('a'), { method: 'PATCH', body: { status: 'completed' } });
  expect(done).toMatchObject({ status: 200, json: { status: 'completed', is_blocked: true } });
});

test('a viewer may not', async () => {
  const { put } = await blockersWorld(api);
  expect(await put('a', 'b', { role: 'viewer' })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});

describe('a circle', () => {
  const CYCLE = { status: 409, json: { code: 'cycle', detail: expect.stringMatching(/blocked by it, directly or/) } };

  test('of the task alone', async () => {
    const { put, shown } = await blockersWorld(api);
    expect(await put('a', 'a')).toMatchObject(CYCLE);
    expect(await shown('a')).toMatchObject({ version: 1, blocked_by: [] });
  });

  test.each([2, 3, 10])('of %i tasks is refused, also where others of them are in the trash', async (length) => {
    const titles = Array.from({ length }, (_, n) => `t${n}`);
    const { put, trash, restore, shown } = await blockersWorld(api, titles);
    for (let n = 1; n < length; n++) expect((await put(`t${n}`, `t${n - 1}`)).status).toBe(204);
    const [first = '', ...rest] = titles;
    const last = rest.pop() as string;
    expect(await put(first, last)).toMatchObject(CYCLE);
    for (const title of rest) expect((await trash(title)).status).toBe(204);
    expect(await put(first, last)).toMatchObject(CYCLE);
    for (const title of rest) expect((await restore(title)).status).toBe(200);
    expect(await shown(first)).toMatchObject({ version: 1, is_blocked: false });
    // The other way round it is none.
    expect((await put(last, first)).status).toBe(204);
  });

  test('that a purge has opened is none any more', async () => {
    const { put, purge } = await blockersWorld(api);
    await put('b', 'a');
    await put('c', 'b');
    expect(await put('a', 'c')).toMatchObject(CYCLE);
    expect((await purge('b')).status).toBe(204);
    expect((await put('a', 'c')).status).toBe(204);
  });

  test.each([
    [2, []],
    [4, []],
    [10, ['t3', 't7']],
  ])('of %i tasks is not closed by two requests that meet', async (length, trashed) => {
    const half = length / 2;
    const { tenant, id, put, trash } = await blockersWorld(
      api,
      Array.from({ length }, (_, n) => `t${n}`),
    );
    // Two chains; each request puts one behind the other, which alone is allowed.
    for (let n = 1; n < length; n++) if (n !== half) expect((await put(`t${n}`, `t${n - 1}`)).status).toBe(204);
    for (const title of trashed) await trash(title);
    // Each would wait here for the same dependency of a transaction that is rolled back at last, after it has looked for a
    // circle. That one runs without triggers, which would lock the tasks.
    const closing = [
      [`t${half}`, `t${half - 1}`],
      ['t0', `t${length - 1}`],
    ] as [string, string][];
    const hold = `insert into dependencies (tenant_id, task_id, blocker_id)
      select $1, task_id, blocker_id from set_config('session_replication_role', 'replica', true),
        unnest($2::uuid[], $3::uuid[]) as held (task_id, blocker_id)`;
    const rows = [closing.map(([task]) => id(task)), closing.map(([, blocker]) => id(blocker))];
    const requests = closing.map((pair) => () => put(...pair));
    const replies = await inTurn(api, [hold, [tenant.id, ...rows]], requests);
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(replies.find(({ status }) => status === 409)).toMatchObject(CYCLE);
    const { rows: circle } = await api.database.admin.query(
      `with recursive above as (
         select blocker_id as id from dependencies where task_id = $1
         union select blocker_id from above join dependencies on task_id = above.id
       ) select from above where id = $1`,
      [id('t0')],
    );
    expect(circle).toEqual([]);
  });

  test('is looked for by one request at a time, which does not wait for ever', { timeout: 20_000 }, async () => {
    const { tenant, put } = await blockersWorld(api);
    const { admin } = api.database;
    await admin.query('begin');
    try {
      await admin.query('select pg_advisory_xact_lock(1, hashtext($1))', [tenant.id]);
      const reply = await put('a', 'b');
      expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(reply.headers.get('Retry-After')).not.toBeNull();
    } finally {
      await admin.query('rollback');
    }
    expect((await put('a', 'b')).status).toBe(204);
  });

  test('is looked for in one tenant alone', async () => {
    const [one, other] = [await blockersWorld(api), await blockersWorld(api)];
    await api.database.admin.query('begin');
    try {
      await api.database.admin.query('select from tasks where id = $1 for update', [one.id('a')]);
      const waits = one.put('a', 'b');
      expect((await other.put('a', 'b')).status).toBe(204);
      await api.database.admin.query('rollback');
      expect((await waits).status).toBe(204);
    } finally {
      await api.database.admin.query('rollback');
    }
  });
});

describe('what many dependencies do', () => {
  test('50 blockers and no more, those in the trash too, also at once', async () => {
    const titles = Array.from({ length: 53 }, (_, n) => `t${n}`);
    const { id, put, off, trash, shown } = await blockersWorld(api, titles);
    for (let n = 1; n <= 49; n++) expect((await put('t0', `t${n}`)).status).toBe(204);
    await trash('t1');
    const replies = await meetingAt(api, { table: 'tasks', id: id('t0') }, () => [put('t0', 't50'), put('t0', 't51')]);
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 422]);
    const refused = { status: 422, json: { code: 'unprocessable', detail: 'A task has at most 50 blockers.' } };
    expect(replies.find(({ status }) => status === 422)).toMatchObject(refused);
    expect(await put('t0', 't52')).toMatchObject(refused);
    expect((await put('t0', 't2')).status).toBe(204);
    expect(await shown('t0')).toMatchObject({ version: 51, blocked_by: { length: 49 } });
    await off('t0', 't1');
    expect((await put('t0', 't52')).status).toBe(204);
  });

  test('a task blocks 10 000 others and no more', { timeout: 60_000 }, async () => {
    const { tenant, project, id, put } = await blockersWorld(api);
    const [blocker = '', second = '', last = ''] = await makeMany(tenant.id, project.id, 10_000, STAR);
    expect((await put('a', blocker)).status).toBe(204);
    expect(await put('b', blocker)).toMatchObject({
      status: 422,
      json: { code: 'unprocessable', detail: 'A task blocks at most 10000 others.' },
    });
    // What is there stays as it is, and blocks further ones.
    expect([await put('a', blocker), await put(last, second), await put('b', second)]).toMatchObject(
      Array(3).fill({ status: 204 }),
    );
    expect(await put(blocker, 'a')).toMatchObject({ status: 409 });
    const { json } = await tenant.get(`/api/v1/tasks/${blocker}`);
    expect(json.blocks).toHaveLength(10_000);
    expect(json.blocks[0]).toEqual({ id: id('a'), project_id: project.id, title: 'a', status: 'pending' });
  });

  test('a chain of 10 000 is searched to its end, one beyond 20 000 is refused', { timeout: 60_000 }, async () => {
    const { tenant, project, put } = await blockersWorld(api);
    await put('a', 'b');
    await api.database.admin.query('vacuum analyze tasks, dependencies');
    const ids = await makeMany(tenant.id, project.id, 20_002, CHAIN);
    const at = (n: number) => ids[n - 1] as string;
    // Whatever PostgreSQL knows of the table by then, its plan reads a row for each step.
    for (const statistics of ['old', 'new']) {
      if (statistics === 'new') await api.database.admin.query('vacuum analyze tasks, dependencies');
      expect(await put(at(1), at(10_000))).toMatchObject({ status: 409, json: { code: 'cycle' } });
      expect((await put('a', at(10_000))).status).toBe(204);
      expect((await put('a', at(20_000))).status).toBe(204);
      expect(await put('a', at(20_001))).toMatchObject({
        status: 422,
        json: { code: 'unprocessable', detail: expect.stringContaining('more than 20000 tasks') },
      });
      // It is there already, so nothing has to be searched.
      expect((await put(at(20_002), at(20_001))).status).toBe(204);
    }
  });
});

describe('beside other writes', () => {
  test('a blocker that is purged meanwhile is 404', async () => {
    const { id, put, shown } = await blockersWorld(api);
    const { admin } = api.database;
    await admin.query('begin');
    await admin.query('delete from tasks where id = $1', [id('b')]);
    const reply = put('a', 'b');
    expect(await waitForLocks(api, 1)).toBe(1);
    await admin.query('commit');
    expect(await reply).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(await shown('a')).toMatchObject({ version: 1, blocked_by: [] });
  });

  test('the subtree of both tasks is moved meanwhile, and neither waits for the other', async () => {
    const { tenant, project, id, put } = await blockersWorld(api);
    const add = async (title: string) =>
      (await tenant.post(`/api/v1/projects/${project.id}/tasks`, { title, parent_id: id('b') })).json.id as string;
    const [child, other] = [await add('child'), await add('other')];
    const { json: target } = await tenant.post('/api/v1/projects', { name: 'Q' });
    const move = () => tenant.call(`/api/v1/tasks/${id('b')}`, { method: 'PATCH', body: { project_id: target.id } });
    // The move has changed the parent, and waits for its first child.
    const hold: [string, unknown[]] = ['select from tasks where id = $1 for update', [child]];
    const replies = await inTurn(api, hold, [move, () => put(other, 'b')]);
    expect(replies.map(({ status }) => status)).toEqual([200, 204]);
    for (const { headers } of replies) expect(headers.get('Server-Timing')).toContain('1 round trip');
  });
});
