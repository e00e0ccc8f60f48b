import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { connectAs, failure, insert, makeWorld, rolledBack, value, type World } from './sessions.ts';

/* The role of the scheduled purge: it enters no tenant, and sees of all of them only what may go. */

const database = useDatabase();
let janitor: pg.Client;
connectAs(database, 'janitorUrl', (client) => {
  janitor = client;
});

/** One tenant's old and new trash: only what is named `old…` may go. */
interface Trash extends World {
  oldProject: string;
  oldTask: string;
}

async function makeTrash(admin: pg.Client): Promise<Trash> {
  const world = await makeWorld(admin);
  const trash = { ...world, oldProject: randomUUID(), oldTask: randomUUID() };
  const [old, recent] = [31, 29].map((days) => new Date(Date.now() - days * 86_400_000));
  const { tenant, project, tag } = world;
  const trashed = (id: string, deleted_at: Date | undefined) => ({ tenant_id: tenant, id, deleted_at, trash_id: id });
  const task = { project_id: project, title: 'Secret', position: 9 };
  await insert(admin, 'projects', { ...trashed(trash.oldProject, old), name: 'Secret' });
  await insert(admin, 'projects', { ...trashed(randomUUID(), recent), name: 'Recent' });
  await insert(admin, 'tasks', { ...trashed(trash.oldTask, old), ...task });
  await insert(admin, 'tasks', { ...trashed(randomUUID(), recent), ...task });
  // A task that lies in an old project, with a tag: it goes with it.
  await insert(admin, 'tasks', { ...trashed(randomUUID(), old), ...task, project_id: trash.oldProject });
  await admin.query('insert into task_tags select tenant_id, id, $2 from tasks where project_id = $1', [
    trash.oldProject,
    tag,
  ]);
  const expired = { tenant_id: tenant, key: 'expired', request_hash: 'hash', expires_at: new Date(Date.now() - 1000) };
  await insert(admin, 'idempotency_keys', expired);
  return trash;
}

let one: Trash;
let other: Trash;

beforeAll(async () => {
  one = await makeTrash(database.admin);
  other = await makeTrash(database.admin);
});

describe('the janitor', () => {
  test('sees what was trashed 30 days ago, in every tenant, and expired keys', async () => {
    const projects = await value(janitor, 'select array_agg(id::text order by id) from projects');
    expect(projects).toEqual([one.oldProject, other.oldProject].sort());
    expect(await value(janitor, 'select count(*)::int from tasks')).toBe(4);
    expect(await value(janitor, 'select array_agg(distinct key) from idempotency_keys')).toEqual(['expired']);
  });

  test('sees no tenant, tag or entry of the audit log, and may not ask for taggings', async () => {
    for (const table of ['tenants', 'tags', 'audit_log']) {
      expect(await value(janitor, `select count(*)::int from ${table}`), table).toBe(0);
    }
    await rolledBack(janitor, async (client) => {
      for (const table of ['task_tags', 'task_search']) {
        expect(await failure(client, `select from ${table}`), table).toMatchObject({ code: '42501' });
      }
    });
  });

  test('sees everything of a tenant that is being deleted, and of no other', async () => {
    const { admin } = database;
    const doomed = await makeTrash(admin);
    await admin.query(`update tenants set status = 'deleting' where id = $1`, [doomed.tenant]);
    expect(await value(janitor, 'select array_agg(id::text) from tenants')).toEqual([doomed.tenant]);
    for (const table of ['projects', 'tasks', 'tags', 'audit_log', 'idempotency_keys']) {
      const count = `select count(*)::int from ${table} where tenant_id = $1`;
      const all = await value<number>(admin, count, [doomed.tenant]);
      expect(all, table).toBeGreaterThan(0);
      expect(await value(janitor, count, [doomed.tenant]), table).toBe(all);
    }
    expect(await value(janitor, 'select array_agg(distinct tenant_id::text) from tags')).toEqual([doomed.tenant]);
    await admin.query('delete from tenants where id = $1', [doomed.tenant]);
  });

  test('cannot widen its view by entering a tenant', async () => {
    await rolledBack(janitor, async (client) => {
      await client.query(`select set_config('app.tenant_id', $1, true)`, [one.tenant]);
      expect(await value(client, `select count(*)::int from projects where name <> 'Secret'`)).toBe(0);
      await client.query(`select set_platform_context('x', 'x')`);
      expect(await value(client, 'select count(*)::int from tenants')).toBe(0);
    });
  });

  test('neither adds nor changes', async () => {
    await rolledBack(janitor, async (client) => {
      for (const statement of [
        `insert into projects (tenant_id, name) values ('${one.tenant}', 'x')`,
        `update projects set deleted_at = null`,
        `update tasks set title = 'x'`,
        `insert into audit_log (tenant_id) values ('${one.tenant}')`,
        `update tenants set status = 'active'`,
        'truncate idempotency_keys',
      ]) {
        expect(await failure(client, statement), statement).toMatchObject({ code: '42501' });
      }
    });
  });

  test('takes away what it sees, without any condition, and leaves the rest', async () => {
    const { admin } = database;
    await admin.query('delete from task_tags where task_id = $1', [one.task]);
    const version = () => value(admin, 'select version from tasks where id = $1', [one.task]);
    const before = await version();
    for (const table of ['tasks', 'projects', 'idempotency_keys']) await janitor.query(`delete from ${table}`);
    const left = { tasks: 3, projects: 2, idempotency_keys: 1, tags: 1, task_tags: 0 };
    for (const [table, rows] of Object.entries(left)) {
      const count = `select count(*)::int from ${table} where tenant_id = $1`;
      expect(await value(admin, count, [one.tenant]), table).toBe(rows);
    }
    expect(await version()).toBe(before);
  });

  test('leaves an entry for each row in the log of its tenant, and no values', async () => {
    for (const { tenant, oldProject, oldTask } of [one, other]) {
      const { rows } = await database.admin.query(
        `select action, actor, changes from audit_log
         where tenant_id = $1 and resource_id in ($2, $3) order by audit_log.id`,
        [tenant, oldProject, oldTask],
      );
      expect(rows).toHaveLength(4);
      expect(rows.slice(2)).toEqual(Array(2).fill({ action: 'purge', actor: null, changes: {} }));
      expect(JSON.stringify(rows)).not.toContain('Secret');
    }
  });
});
