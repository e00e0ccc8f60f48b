import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { insert, makeWorld, useWorker, value, type World } from './sessions.ts';

const database = useDatabase();
const worker = useWorker(database);

/** Of a tenant of each test's own, with an empty log. */
let world: World;

beforeEach(async () => {
  world = await makeWorld(database.admin);
  await database.admin.query('delete from audit_log where tenant_id = $1', [world.tenant]);
});

/** One statement of ann's, in a transaction of its own. */
function run(sql: string, parameters: unknown[] = []): Promise<pg.QueryResult> {
  return worker.inTenant(world.tenant, (client) => client.query(sql, parameters));
}

/** The versions of the tenant's rows, by age. */
function versions(table: 'projects' | 'tasks'): Promise<number[]> {
  return value(
    database.admin,
    `select array_agg(version order by created_at, id = $2) from ${table} where tenant_id = $1`,
    [...[world.tenant, world.subtask]],
  );
}

/** What is in the tenant's log: `action type`, sorted. */
async function logged(): Promise<string[]> {
  const { rows } = await database.admin.query(
    `select action || ' ' || resource_type as entry from audit_log where tenant_id = $1 order by 1`,
    [world.tenant],
  );
  return rows.map(({ entry }) => entry);
}

const TRASH = 'update projects set deleted_at = now(), deleted_by = $1, trash_id = id';
const RESTORE = 'update projects set deleted_at = null, deleted_by = null, trash_id = null';

describe('a version', () => {
  const stamps = (table: string) =>
    value<string>(
      database.admin,
      `select array_agg(version || ' ' || updated_at order by id)::text from ${table} where tenant_id = $1`,
      [world.tenant],
    );

  test.each([
    ['projects', `name = name, metadata = '{ "kind" : "web" }', description = null`],
    ['tasks', `title = title, status = 'pending', priority = 0`],
    ['tags', `name = 'design', color = null`],
    ['projects', 'version = 7, updated_at = now(), changed_xid = changed_xid'],
  ])('stays, as updated_at and the log do, where nothing changes: %s set %s', async (table, assignments) => {
    const before = await stamps(table);
    expect((await run(`update ${table} set ${assignments}`)).rowCount).toBe(0);
    expect(await stamps(table)).toBe(before);
    expect(await logged()).toEqual([]);
  });

  test.each(['projects set name', 'tasks set title', 'tags set name'])('counts every change: %s', async (change) => {
    const [table = ''] = change.split(' ');
    for (const [name, version] of Object.entries({ one: 2, two: 3 })) {
      const stamped = await worker.inTenant(world.tenant, async (client) => {
        await client.query(`update ${change} = '${name} ' || id`);
        return value(
          client,
          `select bool_and(version = $1 and updated_at between now()::timestamptz(3) and clock_timestamp()) from ${table}`,
          [version],
        );
      });
      expect(stamped).toBe(true);
    }
  });

  test('cannot be set', async () => {
    await run(`update projects set name = 'Shop', version = 70, updated_at = '2000-01-01'`);
    expect(await stamps('projects')).toMatch(/"2 20(?!00)/);
  });

  test('counts several statements of one transaction once', async () => {
    await worker.inTenant(world.tenant, async (client) => {
      await client.query(`update projects set name = 'Shop'`);
      await client.query(`update projects set name = 'Store', description = 'New'`);
      await client.query(`savepoint inner_one`);
      await client.query(`update projects set status = 'archived'`);
      await client.query(`release savepoint inner_one`);
    });
    expect(await versions('projects')).toEqual([2]);
    expect(await logged()).toHaveLength(3);
  });

  test('counts SQL by hand', async () => {
    await database.admin.query(`update projects set name = 'Shop' where tenant_id = $1`, [world.tenant]);
    expect(await versions('projects')).toEqual([2]);
  });

  test('counts trash and restore', async () => {
    await run(TRASH, ['ann']);
    await run(RESTORE);
    expect(await versions('projects')).toEqual([3]);
  });

  test('of a task counts its set of tags, and nothing but its version tells', async () => {
    const { tenant, task, subtask, tag } = world;
    const tagging = { tenant_id: tenant, task_id: subtask, tag_id: tag };
    await worker.inTenant(tenant, (client) => insert(client, 'task_tags', tagging));
    expect(await versions('tasks')).toEqual([1, 2]);
    await run('insert into task_tags values ($1, $2, $3) on conflict do nothing', Object.values(tagging));
    expect(await versions('tasks')).toEqual([1, 2]);
    await run('delete from task_tags where task_id = $1', [task]);
    expect(await versions('tasks')).toEqual([2, 2]);
    await run('delete from task_tags where task_id = $1', [task]);
    expect(await versions('tasks')).toEqual([2, 2]);
    expect(await logged()).toEqual(['delete tagging', 'insert tagging']);
  });

  test('of a task counts a change of itself and of its tags in one transaction once', async () => {
    const { tenant, task } = world;
    await worker.inTenant(tenant, async (client) => {
      await client.query('delete from task_tags where task_id = $1', [task]);
      await client.query(`update tasks set title = 'Draw' where id = $1`, [task]);
      await client.query(`insert into tags (tenant_id, name) values ($1, 'a'), ($1, 'b')`, [tenant]);
      await client.query('insert into task_tags select tenant_id, $1, id from tags', [task]);
    });
    expect(await versions('tasks')).toEqual([2, 1]);
  });

  test("of a task does not count a tag's new name or end", async () => {
    await run(`update tags set name = 'late'`);
    await run('delete from tags');
    expect(await versions('tasks')).toEqual([1, 1]);
  });

  test('of a project does not count its tasks', async () => {
    await run(`update tasks set title = 'Draw'`);
    expect(await versions('projects')).toEqual([1]);
  });

  test('of a task made with its tags is 1', async () => {
    const { tenant, project, tag } = world;
    const id = randomUUID();
    const version = await worker.inTenant(tenant, async (client) => {
      await insert(client, 'tasks', { tenant_id: tenant, id, project_id: project, title: 'Build', position: 3 });
      await insert(client, 'task_tags', { tenant_id: tenant, task_id: id, tag_id: tag });
      return value(client, 'select version from tasks where id = $1', [id]);
    });
    expect(version).toBe(1);
    await run(`update tasks set title = 'Draw' where id = $1`, [id]);
    expect(await value(database.admin, 'select version from tasks where id = $1', [id])).toBe(2);
  });
});
