import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { insert, makeWorld, rolledBack, useWorker, type World } from './sessions.ts';

const database = useDatabase();
const worker = useWorker(database);

/** Of a tenant of each test's own, with an empty log. */
let world: World;

beforeEach(async () => {
  world = await makeWorld(database.admin);
  await database.admin.query('delete from audit_log where tenant_id = $1', [world.tenant]);
});

interface Entry {
  actor: string | null;
  request_id: string | null;
  action: string;
  type: string;
  id: string;
  changes: Record<string, [before: unknown, after: unknown]>;
}

/** The tenant's log, oldest first. */
async function log(client: pg.Client = database.admin): Promise<Entry[]> {
  const { rows } = await client.query(
    `select actor, request_id, action, resource_type as type, resource_id as id, changes
     from audit_log where tenant_id = $1 order by audit_log.id`,
    [world.tenant],
  );
  return rows;
}

/** The log in short: `action type id`, sorted, because cascades keep no order. */
async function entries(): Promise<string[]> {
  return (await log()).map(({ action, type, id }) => `${action} ${type} ${id}`).sort();
}

/** One statement of ann's, in a transaction of its own. */
function run(sql: string, parameters: unknown[] = []): Promise<pg.QueryResult> {
  return worker.inTenant(world.tenant, (client) => client.query(sql, parameters));
}

const TRASH = 'update projects set deleted_at = now(), deleted_by = $1, trash_id = id';
const RESTORE = 'update projects set deleted_at = null, deleted_by = null, trash_id = null';
const ANN = { actor: 'ann', request_id: 'request-1' };
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a change of a row leaves one entry, with each member before and after:', () => {
  test('an insert', async () => {
    const { tenant, project } = world;
    const id = randomUUID();
    await worker.inTenant(tenant, (client) =>
      insert(client, 'tasks', {
        tenant_id: tenant,
        id,
        project_id: project,
        title: 'Build',
        position: 3,
        due_on: '2026-02-28',
      }),
    );
    const changes = {
      ...{ project_id: [null, project], title: [null, 'Build'], position: [null, 3], due_on: [null, '2026-02-28'] },
      ...{ status: [null, 'pending'], priority: [null, 0], metadata: [null, {}], created_at: [null, TIME] },
      created_by: [null, 'ann'],
    };
    expect(await log()).toEqual([{ ...ANN, action: 'insert', type: 'task', id, changes }]);
  });

  test('an update', async () => {
    await run(`update projects set name = 'Shop', description = 'New', metadata = '{"kind": "shop"}'`);
    const changes = {
      ...{ name: ['Website', 'Shop'], description: [null, 'New'] },
      metadata: [{ kind: 'web' }, { kind: 'shop' }],
    };
    expect(await log()).toEqual([{ ...ANN, action: 'update', type: 'project', id: world.project, changes }]);
  });

  test('a status, with the time of completion', async () => {
    await run(`update tasks set status = 'completed' where id = $1`, [world.task]);
    const changes = { status: ['pending', 'completed'], completed_at: [null, TIME] };
    expect(await log()).toEqual([{ ...ANN, action: 'update', type: 'task', id: world.task, changes }]);
  });

  test('a move to the trash and out of it', async () => {
    await run(TRASH, ['ann']);
    await run(RESTORE);
    expect(await log()).toEqual([
      {
        ...ANN,
        action: 'trash',
        type: 'project',
        id: world.project,
        changes: { deleted_at: [null, TIME], deleted_by: [null, 'ann'] },
      },
      {
        ...ANN,
        action: 'restore',
        type: 'project',
        id: world.project,
        changes: { deleted_at: [TIME, null], deleted_by: ['ann', null] },
      },
    ]);
  });

  test('a purge, without values', async () => {
    await run('delete from tasks where id = $1', [world.subtask]);
    expect(await log()).toEqual([
      { ...ANN, action: 'purge', type: 'task', id: world.subtask, changes: {} },
      {
        ...ANN,
        action: 'delete',
        type: 'dependency',
        id: world.task,
        changes: { blocker_id: [world.subtask, null] },
      },
    ]);
  });

  test('a tag, from its making to its end', async () => {
    const id = randomUUID();
    await worker.inTenant(world.tenant, (client) =>
      insert(client, 'tags', { tenant_id: world.tenant, id, name: 'late', color: '#FF0000' }),
    );
    await run(`update tags set name = 'Late', color = null where id = $1`, [id]);
    await run('delete from tags where id = $1', [id]);
    const of = { ...ANN, type: 'tag', id };
    expect(await log()).toEqual([
      {
        ...of,
        action: 'insert',
        changes: { name: [null, 'late'], color: [null, '#FF0000'], created_at: [null, TIME] },
      },
      { ...of, action: 'update', changes: { name: ['late', 'Late'], color: ['#FF0000', null] } },
      { ...of, action: 'delete', changes: { name: ['Late', null], created_at: [TIME, null] } },
    ]);
  });

  test("a tag put on a task and taken off, under the task's id", async () => {
    const { tenant, subtask, tag } = world;
    await worker.inTenant(tenant, (client) =>
      insert(client, 'task_tags', { tenant_id: tenant, task_id: subtask, tag_id: tag }),
    );
    await run('delete from task_tags where task_id = $1', [subtask]);
    const of = { ...ANN, type: 'tagging', id: subtask };
    expect(await log()).toEqual([
      { ...of, action: 'insert', changes: { tag_id: [null, tag] } },
      { ...of, action: 'delete', changes: { tag_id: [tag, null] } },
    ]);
  });

  test('several rows of one statement each their own', async () => {
    const { task, subtask } = world;
    await run(`update tasks set priority = case id when $1 then 1 else 2 end`, [task]);
    const changes = Object.fromEntries((await log()).map((entry) => [entry.id, entry.changes]));
    expect(changes).toEqual({ [task]: { priority: [0, 1] }, [subtask]: { priority: [0, 2] } });
    await run(`insert into tags (tenant_id, name) select $1, 'tag ' || n from generate_series(1, 3) as n`, [
      world.tenant,
    ]);
    expect(await log()).toHaveLength(5);
  });
});

describe('whatever path a change took:', () => {
  const ofTask = ({ task, comment }: World) => [
    `delete assignee ${task}`,
    `delete comment ${comment}`,
    `delete dependency ${task}`,
    `delete tagging ${task}`,
  ];

  test('a project that is purged takes tasks and what is on them along', async () => {
    const { project, task, subtask } = world;
    await run('delete from projects');
    expect(await entries()).toEqual(
      [...ofTask(world), `purge project ${project}`, `purge task ${task}`, `purge task ${subtask}`].sort(),
    );
    expect((await log()).map(({ actor, request_id }) => ({ actor, request_id }))).toEqual(Array(7).fill(ANN));
  });

  test('a task that is purged takes its subtree along', async () => {
    await run('delete from tasks where id = $1', [world.task]);
    expect(await entries()).toEqual(
      [...ofTask(world), `purge task ${world.task}`, `purge task ${world.subtask}`].sort(),
    );
  });

  test('a tag that is deleted is taken off its tasks', async () => {
    await run('delete from tags');
    expect(await entries()).toEqual([`delete tag ${world.tag}`, `delete tagging ${world.task}`]);
    const tagging = (await log()).find(({ type }) => type === 'tagging');
    expect(tagging?.changes).toEqual({ tag_id: [world.tag, null] });
  });

  test('SQL by hand', async () => {
    const { admin } = database;
    const nobody = { actor: null, request_id: null };
    await admin.query(`update projects set status = 'archived' where tenant_id = $1`, [world.tenant]);
    await admin.query('delete from tasks where id = $1', [world.subtask]);
    expect(await log()).toEqual([
      { ...nobody, action: 'update', type: 'project', id: world.project, changes: { status: ['active', 'archived'] } },
      { ...nobody, action: 'purge', type: 'task', id: world.subtask, changes: {} },
      {
        ...nobody,
        action: 'delete',
        type: 'dependency',
        id: world.task,
        changes: { blocker_id: [world.subtask, null] },
      },
    ]);
  });

  test.each([
    'task_tags set tag_id = tag_id',
    'assignees set member_id = member_id',
    'dependencies set blocker_id = blocker_id',
    'tasks set id = uuidv7()',
    'tags set id = uuidv7()',
    'projects set tenant_id = uuidv7()',
  ])('what the log could not tell is refused, by hand too: %s', async (change) => {
    const update = database.admin.query(`update ${change} where tenant_id = $1`, [world.tenant]);
    await expect(update).rejects.toMatchObject({ code: '0A000' });
  });

  test('a tenant that is deleted by hand goes with its log', async () => {
    await database.admin.query('delete from tenants where id = $1', [world.tenant]);
    expect(await log()).toEqual([]);
  });
});

describe('an entry', () => {
  test('is written in the transaction of the change, or not at all', async () => {
    await rolledBack(worker.client, async (client) => {
      await client.query(`select set_tenant_context($1, 'ann', 'request-1')`, [world.tenant]);
      await client.query(`update projects set name = 'Shop'`);
      expect(await log(client)).toHaveLength(1);
    });
    expect(await log()).toEqual([]);
  });

  test('has no actor where the token names none', async () => {
    await worker.inTenant(world.tenant, (client) => client.query(`update projects set name = 'Shop'`), {
      actor: null,
      requestId: 'request-2',
    });
    expect(await log()).toMatchObject([{ actor: null, request_id: 'request-2' }]);
  });

  test('loses its values when the row is purged', async () => {
    const { task, subtask, tag } = world;
    await run(`update projects set name = 'Secret project'`);
    await run(`update tasks set title = 'Secret task' where id = $1`, [task]);
    await run(`update tasks set title = 'Public task' where id = $1`, [subtask]);
    await run(`update tags set name = 'late'`);
    await run('delete from tasks where id = $1', [task]);
    await run('delete from projects');
    // Three updates, three purges, and the four things that went with the task.
    const purged = (await log()).filter(({ id }) => id !== tag);
    expect(purged).toHaveLength(10);
    for (const { changes } of purged) expect(changes).toEqual({});
    expect(JSON.stringify(await log())).not.toMatch(/Secret|Public|Website/);
    expect((await log()).find(({ id }) => id === tag)?.changes).toEqual({ name: ['design', 'late'] });
  });

  test("keeps its values when another tenant's row of the same id is purged", async () => {
    const other = await makeWorld(database.admin);
    await insert(database.admin, 'projects', { tenant_id: other.tenant, id: world.project, name: 'Theirs' });
    await run(`update projects set name = 'Shop'`);
    await worker.inTenant(other.tenant, (client) =>
      client.query('delete from projects where id = $1', [world.project]),
    );
    expect(await log()).toMatchObject([{ changes: { name: ['Website', 'Shop'] } }]);
  });
});
