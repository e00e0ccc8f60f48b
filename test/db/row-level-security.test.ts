import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { tenantTables } from '../support/stored.ts';
import { failure, insert, makeWorld, undone, useWorker, value, type World } from './sessions.ts';

const database = useDatabase();
const worker = useWorker(database);

/** With a project and a task that searches do not know. */
interface Searched extends World {
  unknown: string;
  /** A member and a comment that searches do not know. */
  stranger: string;
  silent: string;
}

let ours: Searched;
let theirs: Searched;
/** Of tenants: every table that has a tenant. */
let tables: string[];
const NOT_ALLOWED = { code: '42501' };

beforeAll(async () => {
  const { admin } = database;
  const make = async () => {
    const unknowns = { unknown: randomUUID(), stranger: randomUUID(), silent: randomUUID() };
    const world = { ...(await makeWorld(admin)), ...unknowns };
    const { tenant, project, task, unknown, stranger, silent } = world;
    await insert(admin, 'projects', { tenant_id: tenant, id: unknown, name: 'Unknown' });
    await insert(admin, 'tasks', {
      tenant_id: tenant,
      project_id: project,
      id: unknown,
      title: 'Unknown',
      position: 3,
    });
    await insert(admin, 'members', { tenant_id: tenant, id: stranger, name: 'Unknown' });
    await insert(admin, 'comments', { tenant_id: tenant, id: silent, task_id: task, body: 'Unknown' });
    for (const [of, id] of Object.entries({ project: unknown, task: unknown, member: stranger, comment: silent })) {
      await admin.query(`delete from ${of}_search where tenant_id = $1 and ${of}_id = $2`, [tenant, id]);
    }
    return world;
  };
  ours = await make();
  theirs = await make();
  tables = await tenantTables(admin);
});

/** For each table that the Worker updates a change that shows. */
const CHANGES: Record<string, string> = {
  api_keys: `name = 'stolen'`,
  assignees: `role = 'reviewer'`,
  comment_search: `words = 'stolen'`,
  comments: `body = 'stolen'`,
  idempotency_keys: `body = '"stolen"'`,
  member_search: `words = 'stolen'`,
  members: `name = 'stolen'`,
  project_search: `words = 'stolen'`,
  projects: `name = 'stolen'`,
  tags: `name = 'stolen ' || id`,
  task_search: `words = 'stolen'`,
  tasks: `title = 'stolen'`,
  webhooks: `url = 'stolen'`,
};

/** For each table that the Worker inserts into a row of that tenant. */
const ROWS: Record<string, (world: Searched) => Record<string, unknown>> = {
  api_keys: ({ tenant }) => ({ tenant_id: tenant, name: 'more', secret_hash: Buffer.alloc(32) }),
  assignees: ({ tenant, subtask, member }) => ({ tenant_id: tenant, task_id: subtask, member_id: member }),
  comment_mentions: ({ tenant, comment, stranger }) => ({
    tenant_id: tenant,
    comment_id: comment,
    member_id: stranger,
    n: 2,
  }),
  comment_search: ({ tenant, silent }) => ({ tenant_id: tenant, comment_id: silent, words: '' }),
  comments: ({ tenant, task }) => ({ tenant_id: tenant, task_id: task, body: 'More' }),
  dependencies: ({ tenant, subtask, unknown }) => ({ tenant_id: tenant, task_id: subtask, blocker_id: unknown }),
  idempotency_keys: ({ tenant }) => ({ tenant_id: tenant, key: 'key-2', request_hash: 'hash' }),
  idempotency_mentions: ({ tenant, tag }) => ({ tenant_id: tenant, key: 'key-1', resource_id: tag }),
  member_search: ({ tenant, stranger }) => ({ tenant_id: tenant, member_id: stranger, words: '' }),
  members: ({ tenant }) => ({ tenant_id: tenant, name: 'More' }),
  project_search: ({ tenant, unknown }) => ({ tenant_id: tenant, project_id: unknown, words: '' }),
  projects: ({ tenant }) => ({ tenant_id: tenant, name: 'More' }),
  tags: ({ tenant }) => ({ tenant_id: tenant, name: 'more' }),
  task_search: ({ tenant, unknown }) => ({ tenant_id: tenant, task_id: unknown, words: '' }),
  task_tags: ({ tenant, subtask, tag }) => ({ tenant_id: tenant, task_id: subtask, tag_id: tag }),
  tasks: ({ tenant, project }) => ({ tenant_id: tenant, project_id: project, title: 'More', position: 3 }),
  webhook_deliveries: ({ tenant, webhook, task }) => ({
    ...{ tenant_id: tenant, webhook_id: webhook, resource_id: task },
    ...{ event: 'task.updated', resource_type: 'task', body: '{}' },
  }),
  webhook_secrets: ({ tenant, webhook }) => ({ tenant_id: tenant, webhook_id: webhook, sealed: 'more' }),
  webhooks: ({ tenant }) => ({ tenant_id: tenant, url: 'https://example.com/more', events: ['*'] }),
};

/** The tables on which the Worker has a privilege. */
async function tablesFor(privilege: 'insert' | 'update' | 'delete'): Promise<string[]> {
  const { rows } = await worker.client.query<{ name: string }>(
    'select name from unnest($1::text[]) as name where has_table_privilege(name, $2)',
    [tables, privilege],
  );
  return rows.map(({ name }) => name);
}

/** Whose rows a statement with RETURNING changed, each tenant once; none of it stays. */
async function changed(client: pg.Client, statement: string): Promise<string[]> {
  const { rows } = await undone(client, () => client.query(`${statement} returning tenant_id`));
  return [...new Set(rows.map((row) => row.tenant_id))];
}

describe('the tables of these tests', () => {
  test('have rows of both tenants', async () => {
    expect(tables).toContain('projects');
    for (const table of tables) {
      const tenants = `select array_agg(distinct tenant_id::text order by tenant_id::text) from ${table}`;
      const advice = `makeWorld in test/db/sessions.ts must insert a row into ${table}`;
      expect(await value(database.admin, tenants), advice).toEqual([ours.tenant, theirs.tenant].sort());
    }
  });

  test('are all that the Worker writes', async () => {
    expect(await tablesFor('insert'), 'add a row of the new table to ROWS').toEqual(Object.keys(ROWS));
    expect(await tablesFor('update'), 'add a change of the new table to CHANGES').toEqual(Object.keys(CHANGES));
    expect(await tablesFor('delete')).toEqual([
      'api_keys',
      'assignees',
      'comment_mentions',
      'comments',
      'dependencies',
      'idempotency_mentions',
      'members',
      'projects',
      'tags',
      'task_tags',
      'tasks',
      'webhook_deliveries',
      'webhook_secrets',
      'webhooks',
    ]);
  });
});

describe('without a tenant', () => {
  test('nothing is visible', async () => {
    for (const table of ['tenants', ...tables]) {
      expect(await value(worker.client, `select count(*)::int from ${table}`), table).toBe(0);
    }
  });

  test('nothing can be changed or deleted', async () => {
    await worker.transaction(async (client) => {
      for (const table of await tablesFor('update')) {
        expect(await changed(client, `update ${table} set ${CHANGES[table]}`), table).toEqual([]);
      }
      for (const table of await tablesFor('delete')) {
        expect(await changed(client, `delete from ${table}`), table).toEqual([]);
      }
      expect((await client.query(`update tenants set name = 'stolen'`)).rowCount).toBe(0);
    });
  });

  test('nothing can be inserted', async () => {
    await worker.transaction(async (client) => {
      for (const [table, row] of Object.entries(ROWS)) {
        await undone(client, () => expect(insert(client, table, row(ours)), table).rejects.toMatchObject(NOT_ALLOWED));
      }
      expect(await failure(client, `insert into tenants (name) values ('x')`)).toMatchObject(NOT_ALLOWED);
    });
  });
});

describe('with a tenant entered', () => {
  test('its rows are visible, and no others', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const table of tables) {
        const tenants = `select array_agg(distinct tenant_id::text) from ${table}`;
        expect(await value(client, tenants), table).toEqual([ours.tenant]);
      }
      expect(await value(client, 'select array_agg(id::text) from tenants')).toEqual([ours.tenant]);
    });
  });

  test('statements without any condition change and delete its rows, and no others', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const table of await tablesFor('update')) {
        expect(await changed(client, `update ${table} set ${CHANGES[table]}`), table).toEqual([ours.tenant]);
      }
      for (const table of await tablesFor('delete')) {
        expect(await changed(client, `delete from ${table}`), table).toEqual([ours.tenant]);
      }
    });
  });

  test('rows can be inserted for it, and for no other', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const [table, row] of Object.entries(ROWS)) {
        await undone(client, () => insert(client, table, row(ours)));
        await undone(client, () =>
          expect(insert(client, table, row(theirs)), table).rejects.toMatchObject(NOT_ALLOWED),
        );
      }
    });
  });

  test('its rows cannot be given to another', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const table of Object.keys(CHANGES)) {
        const { code } = await failure(client, `update ${table} set tenant_id = $1`, [theirs.tenant]);
        // By the policy, or before that by a trigger: a row keeps its tenant.
        expect(code, table).toMatch(/^(42501|0A000)$/);
      }
    });
  });

  test("another's rows cannot be pointed at, and are not told from rows that do not exist", async () => {
    const { tenant, project, task, tag } = ours;
    const pointing: [table: string, row: (id: string) => Record<string, unknown>, foreign: string][] = [
      ['tasks', (id) => ({ tenant_id: tenant, project_id: id, title: 'x', position: 1 }), theirs.project],
      [
        'tasks',
        (id) => ({ tenant_id: tenant, project_id: project, parent_id: id, title: 'x', position: 1 }),
        theirs.task,
      ],
      ['task_tags', (id) => ({ tenant_id: tenant, task_id: task, tag_id: id }), theirs.tag],
      ['task_tags', (id) => ({ tenant_id: tenant, task_id: id, tag_id: tag }), theirs.task],
    ];
    await worker.inTenant(tenant, async (client) => {
      for (const [table, row, foreign] of pointing) {
        const attempt = (id: string) =>
          undone(client, () => insert(client, table, row(id))).then(
            () => expect.fail('a row points into another tenant'),
            ({ code, constraint, message, detail }) => ({
              code,
              constraint,
              message,
              detail: detail?.replaceAll(id, 'the id'),
            }),
          );
        const refused = await attempt(foreign);
        expect(refused.code).toBe('23503');
        expect(refused).toEqual(await attempt(randomUUID()));
      }
    });
  });

  test("another's ids, names and keys are free", async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      await undone(client, () => insert(client, 'projects', { tenant_id: ours.tenant, id: theirs.project, name: 'x' }));
      await undone(client, () => insert(client, 'tags', { tenant_id: ours.tenant, id: theirs.tag, name: 'x' }));
    });
    // makeWorld() gives each tenant a tag of the same name and an idempotency key of the same text.
  });

  test('tenants themselves cannot be changed, made or deleted', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      expect((await client.query(`update tenants set status = 'suspended'`)).rowCount).toBe(0);
      expect(await failure(client, `insert into tenants (name) values ('x')`)).toMatchObject(NOT_ALLOWED);
      expect(await failure(client, 'delete from tenants')).toMatchObject(NOT_ALLOWED);
    });
  });

  test.each([
    ['projects', `search_projects('web')`],
    ['projects', `projects_with_metadata('{"kind": "web"}')`],
    ['tasks', `search_tasks('web')`],
    ['tasks', `tasks_with_metadata('{"kind": "web"}')`],
  ])('a search finds its rows, those in the trash too, and no others: %s by %s', async (table, search) => {
    const { tenant, project } = await makeWorld(database.admin);
    const more = (members: Record<string, unknown>) =>
      insert(database.admin, table, {
        ...{ tenant_id: tenant, metadata: { kind: 'web', n: 1 } },
        ...(table === 'tasks' ? { project_id: project, title: 'Web site', position: 9 } : { name: 'Web site' }),
        ...members,
      });
    const [live, trashed] = [randomUUID(), randomUUID()];
    await more({ id: live });
    await more({ id: trashed, deleted_at: new Date(), trash_id: trashed });
    await more({ [table === 'tasks' ? 'title' : 'name']: 'Kitchen', metadata: {} });
    const found = (client: pg.Client) =>
      value(client, `select array_agg(id::text order by id) from ${search} as id where id <> $1`, [project]);
    expect(await worker.inTenant(tenant, found)).toEqual([live, trashed].sort());
    expect(await worker.transaction(found)).toBeNull();
    expect(await worker.inPlatform(found)).toBeNull();
  });
});

describe('the Worker', () => {
  test('cannot write the audit log', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const statement of [
        `insert into audit_log select (jsonb_populate_record(l, '{"id": "${randomUUID()}"}')).* from audit_log as l limit 1`,
        `update audit_log set actor = 'nobody'`,
        'delete from audit_log',
      ]) {
        expect(await failure(client, statement), statement).toMatchObject(NOT_ALLOWED);
      }
    });
  });

  // Its name could stand in for a table of ours, and a trigger on it could call a function that writes the audit log.
  test('cannot make a temporary table', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      const forged = 'create temporary table forged (tenant_id uuid, id uuid)';
      expect(await failure(client, forged)).toMatchObject(NOT_ALLOWED);
    });
  });

  test('cannot empty a table', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const table of ['tenants', ...tables]) {
        expect(await failure(client, `truncate ${table} cascade`), table).toMatchObject(NOT_ALLOWED);
      }
    });
  });

  test('cannot turn row-level security off, or act as another role', async () => {
    await worker.inTenant(ours.tenant, async (client) => {
      for (const statement of [
        'set local row_security = off; select * from projects',
        'alter table projects no force row level security',
        'set local role onetrip_search',
        'set local role onetrip_auditor',
        'create table public.mine ()',
      ]) {
        expect(await failure(client, statement), statement).toMatchObject(NOT_ALLOWED);
      }
    });
  });
});
