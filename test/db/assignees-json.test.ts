import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { purge } from '../../src/scheduled/purge.ts';
import { type TestTenant, useApi } from '../support/api.ts';
import { seededRandom } from '../support/random.ts';
import { waitForLocks } from '../support/writes.ts';

/*
 * The assignees of a task stand on it as finished JSON, kept by triggers whatever query changes them. What callers see must
 * be what the tables say, before and after the scheduled function has brought the texts up to date.
 */

const api = useApi();

type Statement = [sql: string, values: unknown[]];

interface Shown {
  title: string;
  assignees: { id: string; name: string; role: string; assigned_at: string }[];
}

const run = async ([sql, values]: Statement) => (await api.database.admin.query(sql, values)).rows;

/** The assignees of the tenant's live tasks, by their titles: as the API shows them, and as the tables have them. */
async function shownAndTrue(tenant: TestTenant) {
  const { json } = await tenant.get('/api/v1/tasks?limit=100');
  const rows = await run([
    `select title, coalesce(json_agg(json_build_object('id', members.id, 'name', members.name, 'role', role,
         'assigned_at', to_char(assigned_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
       order by role <> 'owner', members.name, members.id) filter (where members.id is not null), '[]') as assignees
     from tasks left join assignees on task_id = tasks.id left join members on members.id = member_id
     where tasks.tenant_id = $1 and deleted_at is null group by tasks.tenant_id, tasks.id`,
    [tenant.id],
  ]);
  const byTitle = (all: Shown[]) => Object.fromEntries(all.map(({ title, assignees }) => [title, assignees]));
  return [byTitle(json.data), byTitle(rows)] as const;
}

async function agree(tenant: TestTenant) {
  const [shown, stored] = await shownAndTrue(tenant);
  expect(shown).toEqual(stored);
  return shown;
}

/** The titles of tasks whose text is not what the tables say. */
async function outOfDate(tenant: TestTenant): Promise<string[]> {
  const rows = await run([
    'select title from tasks where tenant_id = $1 and assignees_json <> assignees_json_of(tenant_id, id) order by title',
    [tenant.id],
  ]);
  return rows.map(({ title }) => title);
}

const isMarked = async (tenant: TestTenant) =>
  (await run(['select from stale_tags_json where tenant_id = $1', [tenant.id]])).length === 1;

const refresh = (tasks: number) => api.database.admin.query('select refresh_tags_json($1) as more', [tasks]);

async function refreshAll(): Promise<void> {
  while ((await refresh(2)).rows[0].more);
}

/** Four tasks and four members, of whom Ada and Grace have tasks. */
async function world() {
  const tenant = await api.tenant();
  const tasks = [{ title: 'a', subtasks: [{ title: 'a1' }] }, { title: 'b' }, { title: 'c' }];
  const { json } = await tenant.post('/api/v1/projects', { name: 'P', tasks });
  const taskId = (title: string): string => json.tasks.find((task: { title: string }) => task.title === title).id;
  const ids = new Map<string, string>();
  for (const name of ['Ada', 'Grace', 'Alan "T" \\ ☂', 'Zuse']) {
    ids.set(name, randomUUID());
    await run(['insert into members (tenant_id, id, name) values ($1, $2, $3)', [tenant.id, ids.get(name), name]]);
  }
  const memberId = (name: string) => ids.get(name) as string;
  const assign = (task: string, member: string, role = 'contributor'): Statement => [
    'insert into assignees (tenant_id, task_id, member_id, role) values ($1, $2, $3, $4)',
    [tenant.id, taskId(task), memberId(member), role],
  ];
  const rename = (member: string, name: string): Statement => [
    'update members set name = $2 where id = $1',
    [memberId(member), name],
  ];
  const versions = async () =>
    Object.fromEntries(
      (await run(['select title, version from tasks where tenant_id = $1', [tenant.id]])).map(({ title, version }) => [
        title,
        version,
      ]),
    );
  for (const [task, member, role] of [
    ['a', 'Ada', 'owner'],
    ['a', 'Grace', 'reviewer'],
    ['a1', 'Grace', 'owner'],
    ['b', 'Ada', 'watcher'],
  ] as const) {
    await run(assign(task, member, role));
  }
  return { tenant, taskId, memberId, assign, rename, versions };
}

test('tasks show their assignees after every kind of change, each of which counts in the version', async () => {
  const { tenant, taskId, memberId, assign, versions } = await world();
  await agree(tenant);
  expect(await versions()).toEqual({ a: 3, a1: 2, b: 2, c: 1 });
  await run(assign('a', 'Alan "T" \\ ☂', 'watcher'));
  await run([`update assignees set role = 'owner' where task_id = $1`, [taskId('b')]]);
  // The same role again is no change.
  await run([`update assignees set role = role where task_id = $1`, [taskId('a1')]]);
  await run(['delete from assignees where task_id = $1 and member_id = $2', [taskId('a'), memberId('Grace')]]);
  const many = 'insert into assignees (tenant_id, task_id, member_id) select $1, unnest($2::uuid[]), $3';
  await run([many, [tenant.id, ['a', 'a1', 'b', 'c'].map(taskId), memberId('Zuse')]]);
  const names = Object.entries(await agree(tenant)).map(([title, assignees]) => [
    title,
    assignees.map(({ name, role }) => `${name} ${role}`),
  ]);
  expect(Object.fromEntries(names)).toEqual({
    a: ['Ada owner', 'Alan "T" \\ ☂ watcher', 'Zuse contributor'],
    a1: ['Grace owner', 'Zuse contributor'],
    b: ['Ada owner', 'Zuse contributor'],
    c: ['Zuse contributor'],
  });
  expect(await versions()).toEqual({ a: 6, a1: 3, b: 4, c: 2 });
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test('several changes in one transaction are one in the version', async () => {
  const { tenant, taskId, assign, versions } = await world();
  const { admin } = api.database;
  await admin.query('begin');
  await run(assign('c', 'Ada'));
  await run(assign('c', 'Grace'));
  await run([`update assignees set role = 'owner' where task_id = $1 and role = 'watcher'`, [taskId('b')]]);
  await run(['delete from assignees where task_id = $1', [taskId('b')]]);
  await admin.query('commit');
  await agree(tenant);
  expect(await versions()).toMatchObject({ b: 3, c: 2 });
});

test.each([
  ['a new name', 'update members set name = $2 where id = $1', ['Augusta']],
  ['the purge', 'delete from members where id = $1', []],
])('%s of a member shows at once, changes no task, and is written by the scheduled function', async (_, sql, more) => {
  const [{ tenant, memberId, versions }, other] = [await world(), await world()];
  const before = await versions();
  await run([sql, [memberId('Ada'), ...more]]);
  expect(await outOfDate(tenant)).toEqual(['a', 'b']);
  expect([await isMarked(tenant), await isMarked(other.tenant)]).toEqual([true, false]);
  const shown = await agree(tenant);
  expect(shown.b?.map(({ name }) => name)).toEqual(more);
  await purge(api.bindings);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
  expect(await agree(tenant)).toEqual(shown);
  expect(await versions()).toEqual(before);
});

test('what tasks do not show of members, and who has no task, leave no mark', async () => {
  const { tenant, memberId, rename } = await world();
  await run([`update members set email = 'ada@example.com', status = 'deactivated' where id = $1`, [memberId('Ada')]]);
  await run(rename('Zuse', 'Konrad'));
  await run(['delete from members where id = $1', [memberId('Zuse')]]);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test('a change in the middle of it has the refresh begin again', async () => {
  const { tenant, rename } = await world();
  await run(rename('Ada', 'Augusta'));
  await refresh(3);
  await run(rename('Grace', 'Amazing Grace'));
  while ((await refresh(1)).rows[0].more);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

/** Runs work with two sessions of their own. */
async function sessions(work: (one: pg.Client, two: pg.Client) => Promise<void>): Promise<void> {
  const { host, port, user, password, database } = api.database.admin;
  const open = () => new pg.Client({ host, port, user, database, password: password as string });
  const [one, two] = [open(), open()];
  try {
    await Promise.all([one.connect(), two.connect()]);
    await work(one, two);
  } finally {
    await Promise.all([one.end(), two.end()]);
  }
}

/** Two statements at a time: the second comes to wait for the first, which then commits. */
const meeting = (first: Statement, second: Statement) =>
  sessions(async (one, two) => {
    await one.query('begin');
    await one.query(...first);
    const waiting = Promise.allSettled([two.query(...second)]);
    expect(await waitForLocks(api, 1)).toBe(1);
    await one.query('commit');
    for (const result of await waiting) if (result.status === 'rejected') throw result.reason;
  });

test.each(['assignment first', 'new name first'])(
  'a name that changes while a task is assigned is seen by one of the two: %s',
  async (order) => {
    const { tenant, assign, rename } = await world();
    const both: [Statement, Statement] = [assign('c', 'Zuse'), rename('Zuse', 'Konrad')];
    await meeting(...((order === 'assignment first' ? both : both.toReversed()) as typeof both));
    const { c } = await agree(tenant);
    expect(c?.map(({ name }) => name)).toEqual(['Konrad']);
    await refreshAll();
    expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
  },
);

test('of two assignments of one task at a time both are in its text, and of two owners one is refused', async () => {
  const { tenant, assign, versions } = await world();
  await meeting(assign('c', 'Ada'), assign('c', 'Grace'));
  expect([await outOfDate(tenant), await versions()]).toMatchObject([[], { c: 3 }]);
  await expect(meeting(assign('b', 'Grace', 'owner'), assign('b', 'Zuse', 'owner'))).rejects.toMatchObject({
    code: '23505',
    constraint: 'assignees_owner',
  });
  await agree(tenant);
});

test('the refresh leaves a task that is being assigned for later, and keeps the new assignee', async () => {
  const { tenant, assign, rename } = await world();
  await run(rename('Ada', 'Augusta'));
  await sessions(async (one) => {
    await one.query('begin');
    await one.query(...assign('a', 'Zuse'));
    await refresh(100);
    expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([['a'], true]);
    await one.query('commit');
  });
  await refreshAll();
  expect((await agree(tenant)).a?.map(({ name }) => name)).toEqual(['Augusta', 'Grace', 'Zuse']);
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test.each(['refresh first', 'new name first'])('a new name while the refresh runs is not lost: %s', async (order) => {
  const { tenant, rename } = await world();
  await run(rename('Ada', 'Augusta'));
  const again = rename('Ada', 'Countess');
  if (order === 'refresh first') {
    await meeting(['select refresh_tags_json(100)', []], again);
  } else {
    await sessions(async (one, two) => {
      await one.query('begin');
      await one.query(...again);
      // It skips what somebody is marking.
      await two.query('select refresh_tags_json(100)');
      await one.query('commit');
    });
  }
  expect((await agree(tenant)).b?.map(({ name }) => name)).toEqual(['Countess']);
  await refreshAll();
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});

test('many at once leave nothing that is out of date and not marked', { timeout: 60_000 }, async () => {
  const { tenant, taskId, memberId, rename } = await world();
  const random = seededRandom('assignees');
  const integer = (below: number) => Math.floor(random() * below);
  const pick = <T>(list: T[]): T => list[integer(list.length)] as T;
  const task = () => taskId(pick(['a', 'a1', 'b', 'c']));
  const names = ['Ada', 'Grace', 'Zuse'];
  const operations: (() => Statement)[] = [
    () => [
      'insert into assignees (tenant_id, task_id, member_id) values ($1, $2, $3) on conflict do nothing',
      [tenant.id, task(), memberId(pick(names))],
    ],
    () => ['delete from assignees where task_id = $1 and member_id = $2', [task(), memberId(pick(names))]],
    () => [
      'update assignees set role = $3 where task_id = $1 and member_id = $2',
      [task(), memberId(pick(names)), pick(['contributor', 'reviewer', 'watcher'])],
    ],
    () => rename(pick(names), `name ${integer(1000)}`),
    () => ['update tasks set title = title, priority = $2 where id = $1', [task(), integer(5)]],
    () => ['select refresh_tags_json(2)', []],
  ];
  const worker = () =>
    sessions(async (one, two) => {
      for (const session of [one, two]) await session.query(`set deadlock_timeout = '50ms'`);
      const some = async (session: pg.Client) => {
        for (let n = 0; n < 25; n++) {
          // A deadlock ends one of two, as it would end a batch, which is then sent again.
          await session.query(...pick(operations)()).catch(({ code }) => expect(code).toBe('40P01'));
        }
      };
      await Promise.all([some(one), some(two)]);
    });
  await Promise.all([worker(), worker(), worker()]);
  await agree(tenant);
  await refreshAll();
  expect([await outOfDate(tenant), await isMarked(tenant)]).toEqual([[], false]);
});
