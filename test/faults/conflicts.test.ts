import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Reply, type TestTenant, useApi } from '../support/api.ts';
import { isSpread } from '../support/database.ts';
import { seededRandom, shuffle } from '../support/random.ts';
import { waitForLocks } from '../support/writes.ts';
import { keepLog } from './support.ts';

/*
 * Requests that get in each other's way, and statements that do not come to an end. What was rolled back for another's
 * sake is sent again, at most three times; everything else is told to the caller at once.
 */

const api = useApi();
let tenant: TestTenant;

beforeAll(async () => {
  tenant = await api.tenant();
});

const patch = (path: string, body: unknown, headers = {}): Promise<Reply> =>
  tenant.call(`/api/v1/${path}`, { method: 'PATCH', body, headers });

const tripsOf = ({ headers }: Reply): number =>
  Number(/desc="(\d+) round/.exec(headers.get('Server-Timing') ?? '')?.[1]);

describe('deadlocks', () => {
  const REQUESTS = 400;
  const WRITERS = 20;
  const NAMES = Array.from({ length: 8 }, (_, n) => `tag ${n}`);

  const random = seededRandom('deadlocks');
  const shuffled = <T>(list: T[]): T[] => shuffle(list, random);
  const some = <T>(list: T[]): T[] => shuffled(list).slice(0, 1 + Math.floor(random() * list.length));
  const one = <T>(list: T[]): T => shuffled(list)[0] as T;

  test(`${REQUESTS} requests that want the same tags, tasks and projects in any order`, async () => {
    keepLog();
    const projects = await Promise.all(
      ['P', 'Q'].map(async (name) => {
        const tasks = NAMES.slice(0, 3).map((title) => ({ title, tags: NAMES }));
        return (await tenant.post('/api/v1/projects', { name, tasks })).json;
      }),
    );
    const tasks: string[] = projects.flatMap((project) => project.tasks.map(({ id }: { id: string }) => id));
    const tagId = async () => one((await tenant.get('/api/v1/tags')).json.data as { id: string }[])?.id ?? tenant.id;

    const kinds: [share: number, send: () => Promise<Reply>][] = [
      [0.5, () => patch(`tasks/${one(tasks)}`, { tags: shuffled(NAMES).slice(0, 6) })],
      [0.05, () => patch(`tasks/${one(tasks)}`, { title: one(NAMES), tags: shuffled(NAMES).slice(0, 6) })],
      [
        0.1,
        () => patch(`tasks/${one(tasks)}`, { tags: { add: some(NAMES.slice(0, 4)), remove: some(NAMES.slice(4)) } }),
      ],
      [0.1, async () => tenant.call(`/api/v1/tasks/${one(tasks)}/tags/${await tagId()}`, { method: 'PUT' })],
      [0.05, async () => tenant.call(`/api/v1/tasks/${one(tasks)}/tags/${await tagId()}`, { method: 'DELETE' })],
      [0.1, async () => tenant.call(`/api/v1/tags/${await tagId()}`, { method: 'DELETE' })],
      [0.05, () => patch(`tasks/${one(tasks)}`, { parent_id: null, project_id: one(projects).id, tags: some(NAMES) })],
      [0.05, () => patch(`tasks/${one(tasks)}`, { parent_id: one(tasks) })],
    ];
    // A lot for each of a hundred parts.
    const lots = kinds.flatMap(([share, send]) => Array.from({ length: Math.round(share * 100) }, () => send));

    let sent = 0;
    const replies: Reply[] = [];
    const writer = async () => {
      while (sent < REQUESTS) {
        sent++;
        replies.push(await one(lots)());
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));

    // 404: a tag that was deleted meanwhile. 409, 422: a move below itself, or into another project's tree.
    const wrong = replies.filter(({ status }) => ![200, 204, 404, 409, 422, 503].includes(status));
    expect(wrong.map(({ status, text }) => `${status} ${text}`)).toEqual([]);
    expect(replies.filter(({ status }) => status < 300).length).toBeGreaterThan(REQUESTS * 0.7);
    // A task that others keep moving, or a tag that they keep deleting, may do so at each of the four attempts; that is rare.
    expect(replies.filter(({ status }) => status === 503).length).toBeLessThan(10);
    const again = replies.filter((reply) => tripsOf(reply) > 1);
    expect(again.length, 'some were sent again').toBeGreaterThan(0);
    expect(await deadlocks(), 'all take their locks in one order').toBe(0);
    const { rows } = await api.database.admin.query(
      `select t.id from tasks as t where t.tenant_id = $1 and t.version <> (
         select count(distinct request_id) from audit_log as l where l.tenant_id = $1 and l.resource_id = t.id
           and not exists (
             select from audit_log as d where d.tenant_id = $1 and d.request_id = l.request_id
               and d.resource_type = 'tag' and d.action = 'delete'))`,
      [tenant.id],
    );
    expect(rows, 'a version counts the requests that changed the task').toEqual([]);
  }, 60_000);

  /** How many there were in this database. Backends report what they counted when they end, at the latest. */
  async function deadlocks(): Promise<number> {
    const { admin } = api.database;
    const here = 'from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    await admin.query(`select pg_terminate_backend(pid, 5000) ${here}`);
    const { rows } = await admin.query(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    );
    return rows.reduce((sum, { deadlocks }) => sum + deadlocks, 0);
  }

  test('one that somebody else makes ends the request, which is sent again, and happens once', async () => {
    keepLog();
    const { admin } = api.database;
    const before = await deadlocks();
    const made = await Promise.all(
      ['P', 'Q'].map((name) => tenant.post('/api/v1/projects', { name, tasks: [{ title: name }] })),
    );
    const [first, second] = made.map(({ json }) => json).sort((a, b) => (a.id < b.id ? -1 : 1));
    await admin.query('begin');
    // So that the other one finds out first.
    await admin.query(`set local deadlock_timeout = '20s'`);
    const lock = (id: string) => admin.query('select from projects where id = $1 for update', [id]);
    await lock(second.id);
    // Locks both projects, by id.
    const move = patch(`tasks/${first.tasks[0].id}`, { project_id: second.id });
    expect(await waitForLocks(api, 1)).toBe(1);
    await lock(first.id);
    await admin.query('commit');
    const reply = await move;
    expect(reply).toMatchObject({ status: 200, json: { project_id: second.id, version: 2 } });
    expect(tripsOf(reply)).toBe(2);
    expect(await deadlocks()).toBe(before + 1);
  });
});

describe('what PostgreSQL fails of', () => {
  beforeAll(async () => {
    // A sequence counts on when the transaction is rolled back.
    await api.database.admin.query(`
      create table fault (state text, times integer);
      create sequence attempts;
      create function fail() returns trigger language plpgsql security definer as $$
      declare
        planned fault;
      begin
        select * into planned from fault;
        if nextval('attempts') <= planned.times then
          raise exception using errcode = planned.state, message = 'planted';
        end if;
        return new;
      end
      $$;
      create trigger a_fault before update on projects for each row execute function fail()`);
  });

  afterAll(() => api.database.admin.query('drop trigger a_fault on projects'));

  /** Lets the next attempts to change a project fail. @returns the answer, and how many attempts reached the database */
  async function change(state: string, times: number): Promise<{ reply: Reply; attempts: number; version: number }> {
    const { admin } = api.database;
    const { id } = (await tenant.post('/api/v1/projects', { name: 'P' })).json;
    await admin.query('delete from fault');
    await admin.query('insert into fault values ($1, $2)', [state, times]);
    await admin.query(`select setval('attempts', 1, false)`);
    const reply = await patch(`projects/${id}`, { name: 'Q' });
    const { rows } = await admin.query('select last_value::integer as n from attempts');
    const { json } = await tenant.get(`/api/v1/projects/${id}`);
    return { reply, attempts: Math.max(...rows.map(({ n }) => n)), version: json.version };
  }

  test.each([
    ['40001', 'a serialisation failure'],
    ['40P01', 'a deadlock'],
  ])('%s (%s) twice is tried again, and happens once', async (state) => {
    const { reply, attempts, version } = await change(state, 2);
    expect([reply.status, attempts, version]).toEqual([200, 3, 2]);
    expect(reply.headers.get('Server-Timing')).toMatch(/desc="3 round trips"/);
  });

  const LETS_NOBODY_IN = ['53300', '57P03'];

  test.each([
    ['40001', 503, 4],
    ['40P01', 503, 4],
    // Here the whole batch may not be gone, or another try would only add to the load.
    ['40003', 503, 1],
    ['55P03', 503, 1],
    ['53200', 503, 1],
    ['53300', 503, 1],
    ['57P01', 503, 1],
    ['57P03', 503, 1],
    ['08006', 503, 1],
    ['25006', 503, 1],
    ['58030', 503, 1],
    ['XX000', 503, 1],
    ['57014', 504, 1],
    ['25P04', 504, 1],
  ])('%s that stays is %i, after %i attempts', async (state, status, expected) => {
    const log = keepLog();
    const { reply, attempts, version } = await change(state, 100);
    expect([reply.status, attempts, version]).toEqual([status, expected, 1]);
    expect(reply.json.code).toBe(status === 504 ? 'timeout' : 'unavailable');
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    // Of several databases the others are asked whether the tenant is theirs, where one says that it lets nobody in.
    const others = isSpread() && LETS_NOBODY_IN.includes(state) ? 2 : 0;
    expect(tripsOf(reply)).toBeGreaterThanOrEqual(expected);
    expect(tripsOf(reply)).toBeLessThanOrEqual(expected + others);
    expect(reply.text).not.toMatch(/planted|SQL|\b[0-9A-Z]{5}\b/);
    expect(log).toMatchObject([{ event: 'database_error', sqlstate: state }]);
  });

  test('attempts keep a distance that chance makes', async () => {
    keepLog();
    const took = async (chance: number) => {
      const random = vi.spyOn(Math, 'random').mockReturnValue(chance);
      const start = performance.now();
      await change('40001', 100).finally(() => random.mockRestore());
      return performance.now() - start;
    };
    // 100, 200 and 400 ms at the most.
    expect(await took(0.999)).toBeGreaterThan(690);
    expect(await took(0)).toBeLessThan(690);
  });
});

describe('what does not come to an end', () => {
  test('a lock that is held for a moment is waited for; for longer than 5 s, it is 503', async () => {
    const log = keepLog();
    const { admin } = api.database;
    const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks: [{ title: 't' }] });
    const path = `tasks/${json.tasks[0].id}`;
    const ask = () =>
      Promise.all([tenant.get(`/api/v1/${path}`), patch(path, { title: 'u' }), tenant.get('/api/v1/tags')]);

    await admin.query('begin');
    await admin.query('lock table tasks in access exclusive mode');
    const patient = ask();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await admin.query('rollback');
    for (const { status } of await patient) expect(status).toBe(200);

    await admin.query('begin');
    await admin.query('alter table tasks add column extra text');
    const start = performance.now();
    const replies = await ask();
    const took = performance.now() - start;
    expect((await tenant.get('/api/v1/tenant')).status, 'what needs no task works').toBe(200);
    await admin.query('rollback');
    for (const reply of replies) {
      expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      expect(reply.headers.get('Retry-After')).not.toBeNull();
    }
    expect(took).toBeGreaterThan(4900);
    expect(took).toBeLessThan(9000);
    expect(log.map(({ sqlstate }) => sqlstate)).toEqual(['55P03', '55P03', '55P03']);
    for (const { status } of await ask()) expect(status).toBe(200);
  }, 40_000);

  test('a statement that runs past its 10 s is 504, leaves nothing, and can be sent again', async () => {
    const log = keepLog();
    const { admin } = api.database;
    await admin.query(`
      create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end';
      create trigger linger before insert on projects for each row execute function linger()`);
    const post = () => tenant.post('/api/v1/projects', { name: 'Slow' }, { headers: { 'Idempotency-Key': 'slow' } });
    const start = performance.now();
    const reply = await post();
    expect(performance.now() - start).toBeGreaterThan(9900);
    expect(reply).toMatchObject({ status: 504, json: { code: 'timeout' } });
    expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(log).toMatchObject([{ event: 'database_error', sqlstate: '57014' }]);
    await admin.query('drop trigger linger on projects');

    const again = await post();
    expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([201, null]);
    const { rows } = await admin.query(`select from projects where name = 'Slow'`);
    expect(rows).toHaveLength(1);
  }, 40_000);
});
