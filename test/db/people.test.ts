import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { failure, insert, makeWorld, rolledBack, transaction, useWorker, value, type World } from './sessions.ts';

/* What the schema alone holds of members, assignees, dependencies and comments, however a query was written. */

const database = useDatabase();
const worker = useWorker(database);

let world: World;
let other: World;

beforeAll(async () => {
  world = await makeWorld(database.admin);
  other = await makeWorld(database.admin);
});

/** Runs work as the Worker in the world's tenant; nothing of it stays. */
function attempt<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  return rolledBack(worker.client, async (client) => {
    await client.query(`select set_tenant_context($1, 'ann', 'request-1')`, [world.tenant]);
    return work(client);
  });
}

async function makeTask(client: pg.Client): Promise<string> {
  const id = randomUUID();
  const { tenant, project } = world;
  await insert(client, 'tasks', { tenant_id: tenant, id, project_id: project, title: 'Build', position: 9 });
  return id;
}

async function makeMember(client: pg.Client): Promise<string> {
  const id = randomUUID();
  await insert(client, 'members', { tenant_id: world.tenant, id, name: 'Grace Hopper' });
  return id;
}

const INSERT = {
  assignee: 'insert into assignees (tenant_id, task_id, member_id, role) values ($1, $2, $3, $4)',
  dependency: 'insert into dependencies (tenant_id, task_id, blocker_id) values ($1, $2, $3)',
  comment: `insert into comments (tenant_id, task_id, author_id, body) values ($1, $2, $3, 'x')`,
  mention: 'insert into comment_mentions (tenant_id, comment_id, member_id, n) values ($1, $2, $3, 2)',
  apiKey: `insert into api_keys (tenant_id, name, member_id, secret_hash) values ($1, 'x', $2, sha256('x'))`,
};

describe('what is refused', () => {
  const MISSING = { code: '23503' };

  test('two owners of one task, and a member twice', async () => {
    await attempt(async (client) => {
      const member = await makeMember(client);
      await client.query(INSERT.assignee, [world.tenant, world.subtask, world.member, 'owner']);
      const refused = { code: '23505', constraint: 'assignees_owner' };
      expect(await failure(client, INSERT.assignee, [world.tenant, world.subtask, member, 'owner'])).toMatchObject(
        refused,
      );
      await client.query(INSERT.assignee, [world.tenant, world.subtask, member, 'reviewer']);
      expect(await failure(client, `update assignees set role = 'owner' where member_id = $1`, [member])).toMatchObject(
        refused,
      );
      expect(await failure(client, INSERT.assignee, [world.tenant, world.subtask, member, 'watcher'])).toMatchObject({
        code: '23505',
      });
    });
  });

  test('a role that is none', async () => {
    await attempt(async (client) => {
      const values = [world.tenant, world.subtask, world.member, 'boss'];
      expect(await failure(client, INSERT.assignee, values)).toMatchObject({ code: '23514' });
    });
  });

  test('a task that blocks itself, and a dependency that is there', async () => {
    await attempt(async (client) => {
      const { tenant, task, subtask } = world;
      expect(await failure(client, INSERT.dependency, [tenant, task, task])).toMatchObject({ code: '23514' });
      expect(await failure(client, INSERT.dependency, [tenant, task, subtask])).toMatchObject({ code: '23505' });
    });
  });

  test('a dependency that changes, also to its owner', async () => {
    await attempt(async (client) => {
      expect((await failure(client, 'update dependencies set blocker_id = blocker_id')).code).toBe('42501');
    });
    await rolledBack(database.admin, async (admin) => {
      const change = 'update dependencies set blocker_id = blocker_id where task_id = $1';
      expect(await failure(admin, change, [world.task])).toMatchObject({ code: '0A000' });
    });
  });

  test.each(['assignee', 'comment', 'apiKey', 'mention'] as const)('another tenant’s member as %s', async (which) => {
    const values = {
      assignee: [world.tenant, world.subtask, other.member, 'owner'],
      comment: [world.tenant, world.task, other.member],
      apiKey: [world.tenant, other.member],
      mention: [world.tenant, world.comment, other.member],
    };
    await attempt(async (client) => {
      expect(await failure(client, INSERT[which], values[which])).toMatchObject(MISSING);
    });
    // The same where no policy is in between.
    await rolledBack(database.admin, async (admin) => {
      expect(await failure(admin, INSERT[which], values[which])).toMatchObject(MISSING);
    });
  });

  test.each([
    ['task_id', () => [world.tenant, other.task, world.subtask]],
    ['blocker_id', () => [world.tenant, world.subtask, other.task]],
  ])('another tenant’s task as %s of a dependency', async (_, values) => {
    await attempt(async (client) => {
      expect(await failure(client, INSERT.dependency, values())).toMatchObject(MISSING);
    });
    await rolledBack(database.admin, async (admin) => {
      expect(await failure(admin, INSERT.dependency, values())).toMatchObject(MISSING);
    });
  });

  test.each([
    ['a subject that looks like a key', 'subject', 'api-key:1', '23514'],
    ['a subject that looks like who has been purged', 'subject', 'member:1', '23514'],
    ['an empty subject', 'subject', '', '23514'],
    ['a long subject', 'subject', 'x'.repeat(256), '23514'],
    ['a subject that somebody has', 'subject', 'ada', '23505'],
    ['an empty name', 'name', '', '23514'],
    ['a long name', 'name', '😀'.repeat(256), '23514'],
    ['a long address', 'email', 'x'.repeat(255), '23514'],
    ['a status that is none', 'status', 'away', '23514'],
  ])('%s of a member', async (_, column, text, code) => {
    await attempt(async (client) => {
      const member = await makeMember(client);
      expect(await failure(client, `update members set ${column} = $1 where id = $2`, [text, member])).toMatchObject({
        code,
      });
    });
  });

  test('an empty comment, and one of more than 10 000 characters', async () => {
    await attempt(async (client) => {
      for (const body of ['', '😀'.repeat(10_001)]) {
        expect(await failure(client, 'update comments set body = $1', [body])).toMatchObject({ code: '23514' });
      }
      await client.query('update comments set body = $1', ['😀'.repeat(10_000)]);
    });
  });
});

describe('what tasks keep of their dependencies', () => {
  const blocked = (client: pg.Client, id: string) =>
    value<[boolean, number]>(client, 'select json_build_array(has_blockers, version) from tasks where id = $1', [id]);

  test('whether there are any, with each change of them in the version', async () => {
    // Each in a transaction of its own, because the version counts these.
    const { tenant, subtask } = world;
    const inTenant = <T>(work: (client: pg.Client) => Promise<T>) => worker.inTenant(tenant, work);
    const [task, second] = await inTenant(async (client) => [await makeTask(client), await makeTask(client)] as const);
    const state = () => inTenant((client) => blocked(client, task));
    const off = (blocker: string) =>
      inTenant((client) =>
        client.query('delete from dependencies where task_id = $1 and blocker_id = $2', [task, blocker]),
      );
    const put = (...blockers: string[]) =>
      inTenant(async (client) => {
        for (const blocker of blockers) {
          await client.query(`${INSERT.dependency} on conflict do nothing`, [tenant, task, blocker]);
        }
      });
    expect(await state()).toEqual([false, 1]);
    await put(subtask, second);
    expect(await state()).toEqual([true, 2]);
    await put(subtask);
    await off(randomUUID());
    expect(await state()).toEqual([true, 2]);
    await off(second);
    expect(await state()).toEqual([true, 3]);
    await off(subtask);
    expect(await state()).toEqual([false, 4]);
    await put(second);
    await inTenant((client) => client.query('delete from tasks where id = $1', [second]));
    // Reads look at the dependencies, and find none.
    expect(await state()).toEqual([true, 5]);
    expect(
      await inTenant((client) => value(client, 'select count(*)::int from dependencies where task_id = $1', [task])),
    ).toBe(0);
    const log = await inTenant((client) =>
      value<unknown[]>(
        client,
        `select json_agg(json_build_array(action, changes) order by at, id) from audit_log
         where resource_type = 'dependency' and resource_id = $1 and changes -> 'blocker_id' @> to_jsonb($2::text)`,
        [task, subtask],
      ),
    );
    expect(log).toEqual([
      ['insert', { blocker_id: [null, subtask] }],
      ['delete', { blocker_id: [subtask, null] }],
    ]);
  });
});

describe('how many comments a task has', () => {
  const count = (client: pg.Client, id: string) =>
    value<[number, number]>(client, 'select json_build_array(comment_count, version) from tasks where id = $1', [id]);

  test('is right under 30 writers, and changes no version', { timeout: 60_000 }, async () => {
    const { admin } = database;
    const task = await transaction(admin, () => makeTask(admin));
    const { host, port, user, password, database: name } = admin;
    const writers = Array.from(
      { length: 30 },
      () => new pg.Client({ host, port, user, database: name, password: password as string }),
    );
    await Promise.all(writers.map((writer) => writer.connect()));
    try {
      await Promise.all(
        writers.map(async (writer, n) => {
          for (let round = 0; round < 4; round++) {
            await writer.query(
              `insert into comments (tenant_id, task_id, body) select $1, $2, 'x' from generate_series(1, $3::integer)`,
              [world.tenant, task, 1 + (n % 3)],
            );
          }
          await writer.query(
            `delete from comments where id = (
               select id from comments where task_id = $1 order by id limit 1 for update skip locked)`,
            [task],
          );
        }),
      );
    } finally {
      await Promise.all(writers.map((writer) => writer.end()));
    }
    const [shown, version] = await count(admin, task);
    expect(shown).toBe(await value(admin, 'select count(*)::int from comments where task_id = $1', [task]));
    expect(shown).toBeGreaterThan(100);
    expect(version).toBe(1);
  });

  test('goes along with a member who is purged, whose comments stay, and with the task', async () => {
    await attempt(async (client) => {
      const [task, member] = [await makeTask(client), await makeMember(client)];
      await client.query(INSERT.comment, [world.tenant, task, member]);
      await client.query(INSERT.comment, [world.tenant, task, null]);
      await client.query('delete from members where id = $1', [member]);
      expect(await count(client, task)).toEqual([2, 1]);
      expect(await value(client, 'select count(author_id)::int from comments where task_id = $1', [task])).toBe(0);
      await client.query('delete from tasks where id = $1', [task]);
      expect(await value(client, 'select count(*)::int from comments where task_id = $1', [task])).toBe(0);
    });
  });
});
