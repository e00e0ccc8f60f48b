import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Step } from '../../../dev/move/move.ts';
import { makeWorld, rolledBack, value, type World } from '../../db/sessions.ts';
import { untilFinal } from '../../support/changes.ts';
import { storedRows } from '../../support/stored.ts';
import { CANARY, placement, plant, rowsIn } from './planted.ts';
import { callerOf, OWNER, useShards } from './support-shards.ts';

/*
 * Moving a tenant between two real databases, by an owner who is no superuser.
 */

// Each move is some hundred statements, and the machine may have other work.
vi.setConfig({ testTimeout: 60_000 });

const { a, b, move } = useShards();

/** As the Worker's role, to the database `a`. */
async function connectWorker(): Promise<pg.Client> {
  const { username, password } = new URL(a.database.url);
  const { host, port, database } = a.database.admin;
  const client = new pg.Client({ host, port, user: username, password, database });
  await client.connect();
  return client;
}

let world: World;

beforeAll(async () => {
  for (const { database } of [a, b]) await database.admin.query(CANARY);
  world = await makeWorld(a.database.admin);
});

test('a tenant is moved whole, while it is read, and goes on as if nothing had been', async () => {
  const { tenant, task, project, webhook } = world;
  const call = callerOf(tenant);
  const others = [await makeWorld(a.database.admin), await makeWorld(b.database.admin)];
  const create = (api: typeof a, name: string) =>
    call(api, 'projects', 'POST', { name, tasks: [{ title: 'One', tags: ['new'] }] }, { 'Idempotency-Key': 'once' });
  const made = await create(a, 'Made once');
  expect(made.status).toBe(201);
  await a.database.admin.query(plant(tenant));
  // A batch holds one row of this size, so each comes after the one above it.
  await a.database.admin.query(`update canary set "Odd name" = repeat('é', 2200000) where id = $1`, [
    'e0000000-0000-0000-0000-000000000000',
  ]);
  await a.database.admin.query('update tags set planted = 0.1 + 0.2 where tenant_id = $1', [tenant]);
  await a.database.admin.query(`select setval('webhook_deliveries_n_seq', 5000)`);
  await call(a, 'tags', 'POST', { name: 'sent' });
  await a.database.admin.query(
    `insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body)
     values ($1, $2, 'task.created', 'task', $3, '{}')`,
    [tenant, webhook, task],
  );
  await untilFinal(a.database, tenant);
  const cursor = (await call(a, 'changes')).json.page.next_cursor;
  const paths = [
    'projects?include=tasks',
    `tasks/${task}?include=subtasks`,
    'tags',
    'members',
    'comments',
    'trash',
    'api-keys',
    'audit-log',
    `projects/${project}/stats`,
    `projects/${project}/activity`,
    `webhooks/${webhook}/deliveries`,
    'tenant',
    'tasks?q=sketch',
    'projects?metadata=%7B%22kind%22%3A%22web%22%7D',
  ];
  const shown = await Promise.all(paths.map((path) => call(a, path)));
  expect(shown.map(({ status }) => status)).toEqual(paths.map(() => 200));
  const stored = await rowsIn(a.database.admin, tenant);
  const storedOthers = [
    await storedRows(a.database.admin, others[0]?.tenant),
    await storedRows(b.database.admin, others[1]?.tenant),
  ];
  expect(Object.entries(stored).filter(([, rows]) => rows.length === 0)).toEqual([]);

  const during: [string, number, string | null][] = [];
  const step: Step = async (doing, work, done) => {
    const result = await work(() => {});
    done(result);
    if (/^(Copying|Comparing)/.test(doing)) {
      const write = await call(a, 'tags', 'POST', { name: 'late' });
      const there = await call(b, `tasks/${task}`);
      during.push(['read', (await call(a, `tasks/${task}`)).status, null]);
      during.push(['write', write.status, write.headers.get('Retry-After')]);
      during.push(['there', there.status, there.headers.get('Retry-After')]);
    }
    return result;
  };
  await move(tenant, 'b', { step });
  const seen = [
    ['read', 200, null],
    ['write', 503, '5'],
    ['there', 503, '1'],
  ];
  expect(during).toEqual([...seen, ...seen]);

  expect(await rowsIn(b.database.admin, tenant)).toEqual(stored);
  const left = await storedRows(a.database.admin, tenant);
  expect(Object.values(left).flat()).toHaveLength(1);
  expect(await value(a.database.admin, 'select moved_to from tenants where id = $1', [tenant])).toBe('b');
  expect(await value(a.database.admin, 'select shard from tenant_directory where id = $1', [tenant])).toBe('b');
  expect([
    await storedRows(a.database.admin, others[0]?.tenant),
    await storedRows(b.database.admin, others[1]?.tenant),
  ]).toEqual(storedOthers);

  expect((await call(a, `tasks/${task}`)).status).toBe(403);
  for (const [n, path] of paths.entries()) {
    const { status, text, headers } = await call(b, path);
    expect([path, status, text, headers.get('ETag')]).toEqual([
      path,
      200,
      shown[n]?.text,
      shown[n]?.headers.get('ETag'),
    ]);
  }
  const replayed = await create(b, 'Made once');
  expect([replayed.status, replayed.headers.get('Idempotency-Replayed'), replayed.text]).toEqual([
    201,
    'true',
    made.text,
  ]);
  expect((await call(b, `changes?cursor=${cursor}`)).status).toBe(410);

  // From here on it lives there: versions, the log, the feed and the deliveries go on.
  const now = (await call(b, 'changes?cursor=now')).json.page.next_cursor;
  const entries = (await call(b, 'audit-log?limit=100')).json.data.length;
  expect((await call(b, `tasks/${task}`, 'PATCH', { title: 'Sketched' })).json.version).toBe(2);
  expect((await call(b, 'audit-log?limit=100')).json.data).toHaveLength(entries + 1);
  await expect
    .poll(async () => (await call(b, `changes?cursor=${now}`)).json.data)
    .toMatchObject([{ id: task, version: 2 }]);
  await b.database.admin.query(
    `insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body)
     values ($1, $2, 'task.updated', 'task', $3, '{}')`,
    [tenant, webhook, task],
  );
  const numbers = await value<string[]>(
    b.database.admin,
    `select array_agg(n order by created_at, n) from webhook_deliveries where tenant_id = $1`,
    [tenant],
  );
  expect(Number(numbers.at(-1))).toBeGreaterThan(5001);
});

test('a tenant that has moved comes back', async () => {
  const { tenant, task } = world;
  const call = callerOf(tenant);
  const stored = await rowsIn(b.database.admin, tenant);
  await untilFinal(b.database, tenant);
  const cursor = (await call(b, 'changes')).json.page.next_cursor;
  await move(tenant, 'a');
  expect(await rowsIn(a.database.admin, tenant)).toEqual(stored);
  expect([await placement(a, tenant), await placement(b, tenant)]).toEqual(['home', 'moved']);
  expect((await call(a, `tasks/${task}`)).json.title).toBe('Sketched');
  expect((await call(a, `changes?cursor=${cursor}`)).status).toBe(410);
  // Where it is at home already, there is nothing to do.
  expect((await move(tenant, 'a')).join()).toBe(
    'The directory says a,0 rows removed from b, which keeps where the tenant is',
  );
});

test('writes that are under way are waited for, and come along', async () => {
  const { tenant } = await makeWorld(a.database.admin);
  const worker = await connectWorker();
  try {
    await worker.query('begin');
    await worker.query(`select set_tenant_context($1, 'ada', 'r', 'member')`, [tenant]);
    await expect(move(tenant, 'b', { maxWait: 200 })).rejects.toThrow(
      /^In a a transaction has been writing for 0.2 s \(pid \d/,
    );
    expect(await placement(a, tenant)).toBe('home');

    const moving = move(tenant, 'b');
    await expect.poll(() => placement(a, tenant)).toBe('moving');
    await worker.query(`insert into tags (tenant_id, name) values ($1, 'in time')`, [tenant]);
    await worker.query('commit');
    await moving;
    expect(
      await value(b.database.admin, `select count(*)::int from tags where tenant_id = $1 and name = 'in time'`, [
        tenant,
      ]),
    ).toBe(1);
  } finally {
    await worker.end();
  }
});

test('reads that are under way see all rows to their end', async () => {
  const { tenant } = await makeWorld(a.database.admin);
  const reader = await connectWorker();
  try {
    await reader.query('begin transaction read only');
    await reader.query(`select set_tenant_context($1, 'ada', 'r', 'viewer')`, [tenant]);
    let isOver = false;
    const moving = move(tenant, 'b').then(() => {
      isOver = true;
    });
    await expect.poll(() => placement(b, tenant), { timeout: 20_000 }).toBe('home');
    await sleep(300);
    expect(await value(reader, 'select count(*)::int from tasks')).toBe(2);
    expect(isOver).toBe(false);
    await reader.query('commit');
    await moving;
  } finally {
    await reader.end();
  }
});

test('no trigger rests for the Worker, whatever it sets', async () => {
  const worker = await connectWorker();
  try {
    await rolledBack(worker, async () => {
      await worker.query(`select set_tenant_context($1, 'ada', 'r', 'member')`, [world.tenant]);
      const entries = () => value<number>(worker, 'select count(*)::int from audit_log');
      const before = await entries();
      await worker.query(`set local app.copying = 'on'`);
      await worker.query(`insert into tags (tenant_id, name) values ($1, 'logged')`, [world.tenant]);
      expect(await entries()).toBe(before + 1);
    });
  } finally {
    await worker.end();
  }
});

describe('a move is refused, and nothing is changed,', () => {
  /** Breaks something in b for as long as the work takes. */
  async function broken(sql: string, mended: string, work: () => Promise<void>): Promise<void> {
    await b.database.admin.query(sql);
    await work().finally(() => b.database.admin.query(mended));
    expect([await placement(a, world.tenant), await placement(b, world.tenant)]).toEqual(['home', 'moved']);
  }
  const refused = (message: string | RegExp) => expect(move(world.tenant, 'b')).rejects.toThrow(message);

  test('to or of what does not exist', async () => {
    await expect(move(world.tenant, 'c')).rejects.toThrow('There is no database c: there are a, b.');
    const stranger = randomUUID();
    await expect(move(stranger, 'b')).rejects.toThrow(`No database is the home of a tenant ${stranger}.`);
    await expect(move(stranger, undefined)).rejects.toThrow(`No database is the home of a tenant ${stranger}.`);
    await expect(move(world.tenant, undefined)).rejects.toThrow(
      'It is at home in a, and not being moved: --to moves it.',
    );
  });

  test('where a column or a table is missing', async () => {
    await broken('alter table tags drop column planted', 'alter table tags add column planted double precision', () =>
      refused('a and b differ in tags.planted double precision: apply the same migrations to both first.'),
    );
    await broken('alter table canary rename to canaries', 'alter table canaries rename to canary', () =>
      refused(/^a and b differ in canary\./),
    );
  });

  test('where a trigger would act on what is copied', async () => {
    await broken(`select rest_while_copying('canary', false)`, `select rest_while_copying('canary')`, () =>
      refused(/^b lacks migrations, or .*: the trigger fires on canary would act/),
    );
  });

  test('for an owner whom row-level security holds back, or another role', async () => {
    await broken(`alter role ${OWNER} nobypassrls`, `alter role ${OWNER} bypassrls`, () => refused(/needs BYPASSRLS/));
    await broken('alter table tenants owner to postgres', `alter table tenants owner to ${OWNER}`, () =>
      refused('The role that logs in to b does not own its tables.'),
    );
  });
});
