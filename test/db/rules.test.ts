import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { failure, insert, makeWorld, problemOf, rolledBack, undone, useWorker, value, type World } from './sessions.ts';

/* What rows may hold, and what may become of them, however a query was written. */

const database = useDatabase();
const worker = useWorker(database);

let world: World;

beforeAll(async () => {
  world = await makeWorld(database.admin);
});

/** Runs work as the Worker in the world's tenant; nothing of it stays. */
function attempt<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  return rolledBack(worker.client, async (client) => {
    await client.query(`select set_tenant_context($1, 'ann', 'request-1')`, [world.tenant]);
    return work(client);
  });
}

/** A task of the world's project, with what it takes to be one. */
async function makeTask(client: pg.Client, members: Record<string, unknown> = {}): Promise<string> {
  const id = randomUUID();
  const { tenant, project } = world;
  await insert(client, 'tasks', {
    tenant_id: tenant,
    id,
    project_id: project,
    title: 'Build',
    position: 9,
    ...members,
  });
  return id;
}

const STATUSES = ['pending', 'in_progress', 'completed', 'cancelled'] as const;
type Status = (typeof STATUSES)[number];

/** The statuses that a task can go to from each status. */
const ALLOWED: Record<Status, Status[]> = {
  pending: ['pending', 'in_progress', 'completed', 'cancelled'],
  in_progress: ['pending', 'in_progress', 'completed', 'cancelled'],
  completed: ['completed', 'in_progress'],
  cancelled: ['cancelled', 'pending'],
};

describe('the status of a task', () => {
  const pairs = STATUSES.flatMap((from) => STATUSES.map((to) => ({ from, to, allowed: ALLOWED[from].includes(to) })));

  test.each(pairs)('from $from to $to: $allowed', async ({ from, to, allowed }) => {
    await attempt(async (client) => {
      const id = await makeTask(client, { status: from });
      const change = 'update tasks set status = $2 where id = $1';
      if (allowed) {
        await client.query(change, [id, to]);
        expect(await value(client, 'select status from tasks where id = $1', [id])).toBe(to);
        return;
      }
      const problem = problemOf(await failure(client, change, [id, to]));
      expect(problem).toEqual({
        code: 'invalid_transition',
        detail: expect.stringMatching(new RegExp(`${from}.*${to}`)),
        members: { from, to, allowed: expect.any(Array) },
      });
      expect((problem as { members: { allowed: Status[] } }).members.allowed.toSorted()).toEqual(
        ALLOWED[from].toSorted(),
      );
    });
  });

  test('that is none is refused', async () => {
    await attempt(async (client) => {
      await expect(undone(client, () => makeTask(client, { status: 'done' }))).rejects.toMatchObject({ code: '23514' });
      expect((await failure(client, `update tasks set status = 'done'`)).code).toBe('OT000');
    });
  });

  test('sets and clears the time of completion', async () => {
    await attempt(async (client) => {
      const id = await makeTask(client);
      const completedAt = () => value<Date | null>(client, 'select completed_at from tasks where id = $1', [id]);
      const changedAt = (task: string) => value<Date>(client, 'select updated_at from tasks where id = $1', [task]);
      expect(await completedAt()).toBeNull();
      await client.query(`update tasks set status = 'completed' where id = $1`, [id]);
      expect(await completedAt()).toEqual(await changedAt(id));
      await client.query(`update tasks set status = 'in_progress' where id = $1`, [id]);
      expect(await completedAt()).toBeNull();
      const made = await makeTask(client, { status: 'completed' });
      expect(await value(client, 'select completed_at from tasks where id = $1', [made])).toEqual(
        await changedAt(made),
      );
    });
  });

  test('keeps the time of completion while it stays completed', async () => {
    await attempt(async (client) => {
      const then = new Date('2026-01-02T03:04:05.678Z');
      const id = await makeTask(client, { status: 'completed', completed_at: then });
      await client.query(`update tasks set status = 'completed', title = 'Built' where id = $1`, [id]);
      expect(await value(client, 'select completed_at from tasks where id = $1', [id])).toEqual(then);
    });
  });

  test('and the time of completion cannot disagree', async () => {
    await attempt(async (client) => {
      const refused = { code: '23514', constraint: 'tasks_completed' };
      expect(await failure(client, 'update tasks set completed_at = now()')).toMatchObject(refused);
      const id = await makeTask(client, { status: 'cancelled', completed_at: new Date() });
      expect(await value(client, 'select completed_at from tasks where id = $1', [id])).toBeNull();
    });
  });
});

describe('a parent', () => {
  const MISSING = { code: '23503' };

  test('in another project is refused', async () => {
    await attempt(async (client) => {
      const other = randomUUID();
      await insert(client, 'projects', { tenant_id: world.tenant, id: other, name: 'Other' });
      await expect(
        undone(client, () => makeTask(client, { project_id: other, parent_id: world.task })),
      ).rejects.toMatchObject(MISSING);
      const elsewhere = await makeTask(client, { project_id: other });
      const move = 'update tasks set parent_id = $1 where id = $2';
      expect(await failure(client, move, [elsewhere, world.subtask])).toMatchObject(MISSING);
    });
  });

  test('cannot be the task itself', async () => {
    await attempt(async (client) => {
      expect(await failure(client, 'update tasks set parent_id = id where id = $1', [world.task])).toMatchObject({
        code: '23514',
        constraint: 'tasks_not_own_parent',
      });
    });
  });

  test('moves to another project with its subtree in one statement, what is trashed too, and not without it', async () => {
    await attempt(async (client) => {
      const other = randomUUID();
      await insert(client, 'projects', { tenant_id: world.tenant, id: other, name: 'Other' });
      const deep = await makeTask(client, { parent_id: world.subtask, deleted_at: new Date(), trash_id: randomUUID() });
      const subtree = [world.task, world.subtask, deep];
      const move = 'update tasks set project_id = $1 where id = any ($2)';
      for (const part of [subtree.slice(0, 1), subtree.slice(0, 2), subtree.slice(1)]) {
        expect(await failure(client, move, [other, part])).toMatchObject(MISSING);
      }
      expect((await client.query(move, [other, subtree])).rowCount).toBe(3);
    });
  });

  test('takes its subtree along when it is deleted', async () => {
    await attempt(async (client) => {
      await makeTask(client, { parent_id: world.subtask });
      await client.query('delete from tasks where id = $1', [world.task]);
      expect(await value(client, 'select count(*)::int from tasks')).toBe(0);
    });
  });
});

describe('metadata', () => {
  /** An object that the database prints in that many octets. */
  const metadataOf = (octets: number) => {
    const room = octets - '{"a": ""}'.length;
    return JSON.stringify({ a: 'é'.repeat(room / 2) + 'e'.repeat(room % 2) });
  };

  test.each(['projects', 'tasks'])('of %s is at most 16 KiB as the database prints it', async (table) => {
    await attempt(async (client) => {
      const set = `update ${table} set metadata = $1`;
      const most = metadataOf(16_384);
      await client.query(set, [most]);
      expect(await value(client, `select max(octet_length(metadata::text)) from ${table}`)).toBe(16_384);
      expect(await failure(client, set, [metadataOf(16_385)])).toMatchObject({
        code: '23514',
        constraint: `${table}_metadata_size`,
      });
      // 13 characters each as sent, 10 006 as printed.
      const large = `{${[1, 2].map((n) => `"${n}": 1e10000`).join()}}`;
      expect((await failure(client, set, [large])).constraint).toBe(`${table}_metadata_size`);
    });
  });

  test.each(['[]', '"text"', '1', 'null', null])('is an object: not %s', async (metadata) => {
    await attempt(async (client) => {
      for (const table of ['projects', 'tasks']) {
        const { code } = await failure(client, `update ${table} set metadata = $1`, [metadata]);
        expect(code, table).toMatch(/^(23514|23502)$/);
      }
    });
  });
});

describe('values that no row takes', () => {
  const REFUSED: [table: string, assignment: string, value: unknown][] = [
    ...['projects.name', 'tasks.title'].flatMap((column) => {
      const [table = '', name] = column.split('.');
      return ['', '😀'.repeat(256)].map((text): [string, string, unknown] => [table, `${name} = $1`, text]);
    }),
    ['tags', 'name = $1', ''],
    ['tags', 'name = $1', '😀'.repeat(101)],
    ['tags', 'color = $1', '#12345'],
    ['tags', 'color = $1', '#12345G'],
    ['tags', 'color = $1', '#123456\n'],
    ['projects', 'description = $1', '😀'.repeat(10_001)],
    ['tasks', 'description = $1', '😀'.repeat(10_001)],
    ['projects', 'status = $1', 'trashed'],
    ['tasks', 'priority = $1', -1],
    ['tasks', 'priority = $1', 5],
    ['tasks', 'due_on = $1', '0001-01-01 BC'],
    ['tasks', 'due_on = $1', '10000-01-01'],
    ['tasks', 'due_on = $1', 'infinity'],
    ['tasks', 'position = $1', 'Infinity'],
    ['tasks', 'position = $1', '-Infinity'],
    ['tasks', 'position = $1', 'NaN'],
    ['projects', 'deleted_at = now(), trash_id = $1', null],
    ['projects', 'deleted_at = null, trash_id = $1', randomUUID()],
    ['tasks', 'deleted_at = now(), trash_id = $1', null],
  ];

  test.each(REFUSED)('%s: %s', async (table, assignment, refused) => {
    await attempt(async (client) => {
      expect(await failure(client, `update ${table} set ${assignment}`, [refused])).toMatchObject({ code: '23514' });
    });
  });

  test('the longest that rows take count code points', async () => {
    await attempt(async (client) => {
      await client.query('update projects set name = $1, description = $2', ['😀'.repeat(255), '😀'.repeat(10_000)]);
      await client.query('update tasks set title = $1, description = $2', ['😀'.repeat(255), '😀'.repeat(10_000)]);
      await client.query('update tags set name = $1, color = $2', ['😀'.repeat(100), '#7a5CFF']);
      await client.query(`update tasks set due_on = $1, position = $2, priority = 4`, ['9999-12-31', Number.MAX_VALUE]);
      await client.query(`update tasks set due_on = $1, position = $2, priority = 0`, [
        '0001-01-01',
        -Number.MAX_VALUE,
      ]);
    });
  });
});
