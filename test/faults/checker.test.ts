import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Ask, Cluster, keepLog } from './support.ts';
import { check } from './support-check.ts';
import { Load } from './support-load.ts';

/* The checker of the fault tests can fail: here it is shown what it has to find. */

vi.setConfig({ testTimeout: 90_000 });

const cleanUp = new AsyncDisposableStack();
let cluster: Cluster;
let load: Load;

beforeAll(async () => {
  // Commits are acknowledged before they are safe: what PostgreSQL offers, and what the API must not be run with.
  const settings = { synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' };
  cluster = await Cluster.start(cleanUp, { settings });
});

afterAll(() => cleanUp.disposeAsync());

async function startLoad(): Promise<Load> {
  const [tenant] = await cluster.ask(`insert into tenants (name) values ('Acme') returning id`);
  return Load.start(cluster.bindings, tenant?.id as string);
}

describe('after a load without a fault', { tags: ['release'] }, () => {
  beforeAll(async () => {
    load = await startLoad();
    await load.more(900);
    await load.stop();
  });

  test('nothing is wrong, and there is enough of everything', async () => {
    const { creations, registers, associations, trashings, deletions } = load.ledger;
    const writes = registers.flatMap((register) => register.writes);
    for (const list of [creations, writes]) {
      for (const outcome of ['done', 'refused']) expect(list.some((one) => one.outcome === outcome)).toBe(true);
    }
    for (const table of ['projects', 'tasks', 'comments', 'members']) expect(creation(table, 'done')).toBeDefined();
    expect(registers.some(({ table, writes }) => table === 'comments' && writes.length > 0)).toBe(true);
    for (const type of ['tagging', 'assignee', 'dependency']) expect(associated(type)).toBeDefined();
    expect(associations.some(({ others }) => others.size === 0)).toBe(true);
    expect(trashings.length).toBeGreaterThan(0);
    expect(deletions.length).toBeGreaterThan(0);
    expect(load.failed).toBe(0);
    expect(load.violations).toEqual([]);
    expect(await check(cluster.ask, load.ledger)).toEqual([]);
  });

  const creation = (table: string, outcome: string) => {
    const found = load.ledger.creations.find((one) => one.table === table && one.outcome === outcome);
    if (!found) throw new Error(`no ${outcome} creation in ${table}`);
    return found;
  };
  const associated = (type: string) => {
    const found = load.ledger.associations.find((one) => one.type === type && one.others.size > 0);
    if (!found) throw new Error(`no ${type} was added`);
    return found.id;
  };
  const written = () => {
    const found = load.ledger.registers.find(
      ({ table, writes }) => table === 'tasks' && writes.filter((one) => one.outcome === 'done').length > 1,
    );
    const [first] = found?.writes.filter(({ outcome }) => outcome === 'done') ?? [];
    if (!found || !first) throw new Error('no register was written twice');
    return { id: found.id, first: first.marker };
  };
  const logged = `audit_log where action = 'update' and resource_id = $1`;

  test.each<[string, () => [string, ...unknown[]], RegExp]>([
    [
      'an acknowledged row that is gone',
      () => ['delete from projects where id = $1', creation('projects', 'done').told?.id],
      /\(done\) is there 0 times/,
    ],
    [
      'an acknowledged value that is another one',
      () => [`update tasks set description = 'x' where id = $1`, creation('tasks', 'done').told?.id],
      /is not as told/,
    ],
    [
      'a row that is there twice',
      () => [
        'insert into tasks (tenant_id, project_id, title, position) select tenant_id, project_id, title, 0 from tasks where id = $1',
        creation('tasks', 'done').told?.id,
      ],
      /\(done\) is there 2 times/,
    ],
    [
      'a refused row that is there',
      () => [
        `insert into tasks (tenant_id, project_id, title, position)
         select tenant_id, id, $2, 0 from projects where tenant_id = $1 limit 1`,
        load.ledger.tenantId,
        creation('tasks', 'refused').marker,
      ],
      /\(refused\) is there 1 times/,
    ],
    [
      'a row that nobody asked for',
      () => [`insert into projects (tenant_id, name) values ($1, 'stray')`, load.ledger.tenantId],
      /nobody asked for stray/,
    ],
    [
      'an update that was lost',
      () => ['update tasks set title = $2 where id = $1', written().id, written().first],
      /a write was lost/,
    ],
    [
      'a version too many',
      () => ['update tasks set version = version + 1 where id = $1', written().id],
      /has version \d+ of \d+ changes/,
    ],
    ['a change that is not in the log', () => [`delete from ${logged}`, written().id], /\(done\) was logged 0 times/],
    [
      'a change that was made twice',
      () => [
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         select tenant_id, action, resource_type, resource_id, changes from ${logged}`,
        written().id,
      ],
      /\(done\) was logged 2 times/,
    ],
    [
      'a refused change that is in the log',
      () => [
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         values ($1, 'update', 'task', $2, json_build_object('title', json_build_array('', $3::text)))`,
        load.ledger.tenantId,
        ...refusedWrite(),
      ],
      /\(refused\) was logged 1 times/,
    ],
    [
      'a part of a refused write',
      () => [
        `insert into audit_log (tenant_id, action, resource_type, resource_id, changes)
         values ($1, 'insert', 'tag', uuidv7(), '{"name": [null, "never"]}')`,
        load.ledger.tenantId,
      ],
      /left a tag behind/,
    ],
    [
      'a tag that is off again',
      () => ['delete from task_tags where task_id = $1', associated('tagging')],
      /the tagging set of \S+ is not as told/,
    ],
    [
      'an assignee who is off again',
      () => ['delete from assignees where task_id = $1', associated('assignee')],
      /the assignee set of \S+ is not as told/,
    ],
    [
      'a circle of dependencies',
      () => [
        'insert into dependencies (tenant_id, task_id, blocker_id) select tenant_id, blocker_id, task_id from dependencies where task_id = $1',
        load.ledger.associations[0]?.id,
      ],
      /the dependency set of \S+ is not as told/,
    ],
    [
      'a task that does not know of its blockers',
      () => ['update tasks set has_blockers = false where id = $1', load.ledger.associations[0]?.id],
      /of its comments and blockers is not so/,
    ],
    [
      'an acknowledged comment that is gone, and is still counted',
      () => [
        'delete from comments where body = $1',
        load.ledger.creations.findLast(({ table, outcome }) => table === 'comments' && outcome === 'done')?.marker,
      ],
      /\(done\) is there 0 times[\s\S]*of its comments and blockers is not so/,
    ],
    [
      'a deleted comment whose text is still in the log',
      () => [
        `update audit_log set changes = json_build_object('body', json_build_array(null, $2::text))
         where action = 'insert' and resource_id = $1`,
        load.ledger.deletions[0]?.id,
        load.ledger.deletions[0]?.marker,
      ],
      /the log still says comment/,
    ],
    [
      'a trashed task that is back',
      () => ['update tasks set deleted_at = null, trash_id = null where id = $1', load.ledger.trashings[0]?.id],
      /\(done\) is not in the trash/,
    ],
  ])('it finds %s', async (_, plant, found) => {
    const [sql, ...parameters] = plant();
    const faults = await cluster.connected(async (client) => {
      const ask: Ask = async (text, values) => (await client.query(text, values)).rows;
      await client.query('begin');
      // Without the triggers, which would make an honest change of it.
      await client.query('set local session_replication_role = replica');
      expect((await client.query(sql, parameters)).rowCount).toBeGreaterThan(0);
      return check(ask, load.ledger);
    });
    expect(faults.join('\n')).toMatch(found);
  });

  function refusedWrite(): [string, string] {
    for (const { id, writes } of load.ledger.registers) {
      const refused = writes.find(({ outcome }) => outcome === 'refused');
      if (refused) return [id, refused.marker];
    }
    throw new Error('nothing was refused');
  }
});

test('it finds what a server lost that acknowledged too early', { tags: ['release'] }, async () => {
  keepLog();
  load = await startLoad();
  // What the clients work on stays; what they write from here on is at risk.
  await cluster.ask('checkpoint');
  await load.more(300);
  await cluster.down('kill');
  await load.more(20);
  await cluster.up();
  await load.more(20);
  await load.stop();
  expect((await check(cluster.ask, load.ledger)).join('\n')).toMatch(/\(done\) (is there|was logged) 0 times/);
});
