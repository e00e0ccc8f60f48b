import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';

/** Who acts and in which request, as `set_tenant_context()` takes it. */
export interface Who {
  actor?: string | null;
  requestId?: string;
}

type Work<T> = (client: pg.Client) => Promise<T>;

/** A connection as the Worker's login role, without anything between it and PostgreSQL. */
export interface WorkerSession {
  client: pg.Client;
  /** Runs work in one transaction that nobody has entered. Rolled back where the work throws. */
  transaction<T>(work: Work<T>): Promise<T>;
  /** The same, as every batch of a tenant begins. */
  inTenant<T>(tenantId: string, work: Work<T>, who?: Who): Promise<T>;
  /** The same, as every batch that manages tenants begins. */
  inPlatform<T>(work: Work<T>): Promise<T>;
}

/** Connects the Worker's role to the database of a test file. */
export function useWorker(database: TestDatabase): WorkerSession {
  const session: WorkerSession = {
    client: undefined as never,
    transaction: (work) => transaction(session.client, work),
    inTenant: (tenantId, work, { actor = 'ann', requestId = 'request-1' } = {}) =>
      session.transaction(async (client) => {
        await client.query('select set_tenant_context($1, $2, $3)', [tenantId, actor, requestId]);
        return work(client);
      }),
    inPlatform: (work) =>
      session.transaction(async (client) => {
        await client.query(`select set_platform_context('operator', 'request-1')`);
        return work(client);
      }),
  };
  connectAs(database, 'url', (client) => {
    session.client = client;
  });
  return session;
}

/** Connects a login role to the database of a test file, until its tests have run. */
export function connectAs(
  database: TestDatabase,
  role: 'url' | 'janitorUrl' | 'courierUrl',
  connected: (client: pg.Client) => void,
): void {
  let client: pg.Client;
  beforeAll(async () => {
    const { username, password, pathname } = new URL(database[role]);
    const { host, port } = database.admin;
    client = new pg.Client({ host, port, user: username, password, database: pathname.slice(1) });
    await client.connect();
    connected(client);
  });
  afterAll(() => client.end());
}

/** Runs work in a transaction: committed, or rolled back where the work throws. */
export async function transaction<T>(client: pg.Client, work: Work<T>): Promise<T> {
  await client.query('begin');
  try {
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Runs work in a transaction of which nothing stays. */
export async function rolledBack<T>(client: pg.Client, work: Work<T>): Promise<T> {
  await client.query('begin');
  try {
    return await work(client);
  } finally {
    await client.query('rollback');
  }
}

/** Runs work of which nothing stays, inside a transaction. */
export async function undone<T>(client: pg.Client, work: Work<T>): Promise<T> {
  await client.query('savepoint undone');
  try {
    return await work(client);
  } finally {
    await client.query('rollback to savepoint undone');
  }
}

/** The first column of the first row. */
export async function value<T>(client: pg.Client, sql: string, parameters: unknown[] = []): Promise<T> {
  const { rows } = await client.query({ text: sql, values: parameters, rowMode: 'array' });
  return rows[0]?.[0];
}

/** The SQLSTATE and fields with which a statement must fail; what it did until then is undone. */
export async function failure(client: pg.Client, sql: string, parameters: unknown[] = []): Promise<pg.DatabaseError> {
  return undone(client, () =>
    client.query(sql, parameters).then(
      () => expect.fail(`went through: ${sql}`),
      (error) => error,
    ),
  );
}

/** The problem that SQL raised for the caller: SQLSTATE OT000 with JSON in DETAIL. */
export function problemOf({ code, detail, message }: pg.DatabaseError): Record<string, unknown> {
  expect(code, message).toBe('OT000');
  return JSON.parse(detail ?? '');
}

/** Makes a tenant, past row-level security. */
export function makeTenant(admin: pg.Client, status = 'active'): Promise<string> {
  return value(admin, 'insert into tenants (name, status) values ($1, $2) returning id', ['Acme', status]);
}

/** Ids of one tenant's rows. */
export interface World {
  tenant: string;
  project: string;
  task: string;
  subtask: string;
  tag: string;
  member: string;
  comment: string;
  webhook: string;
}

type Seven = [string, string, string, string, string, string, string];

/** Makes a tenant with a row in every table, past row-level security, in one transaction. */
export function makeWorld(admin: pg.Client): Promise<World> {
  return transaction(admin, async () => {
    const tenant = await makeTenant(admin);
    const ids = Array.from({ length: 7 }, () => randomUUID()) as Seven;
    const [project, task, subtask, tag, member, comment, webhook] = ids;
    const world = { tenant, project, task, subtask, tag, member, comment, webhook };
    await insert(admin, 'projects', { tenant_id: tenant, id: project, name: 'Website', metadata: { kind: 'web' } });
    const below = { tenant_id: tenant, project_id: project };
    await insert(admin, 'tasks', { ...below, id: task, title: 'Sketch', position: 1 });
    await insert(admin, 'tasks', { ...below, id: subtask, parent_id: task, title: 'Home page', position: 2 });
    await insert(admin, 'tags', { tenant_id: tenant, id: tag, name: 'design' });
    await insert(admin, 'task_tags', { tenant_id: tenant, task_id: task, tag_id: tag });
    await insert(admin, 'idempotency_keys', { tenant_id: tenant, key: 'key-1', request_hash: 'hash-1' });
    await insert(admin, 'idempotency_mentions', { tenant_id: tenant, key: 'key-1', resource_id: project });
    await insert(admin, 'stale_tags_json', { tenant_id: tenant });
    await insert(admin, 'members', { tenant_id: tenant, id: member, name: 'Ada Lovelace', subject: 'ada' });
    await insert(admin, 'api_keys', { tenant_id: tenant, name: 'script', secret_hash: Buffer.alloc(32) });
    await insert(admin, 'assignees', { tenant_id: tenant, task_id: task, member_id: member });
    await insert(admin, 'dependencies', { tenant_id: tenant, task_id: task, blocker_id: subtask });
    await insert(admin, 'comments', {
      tenant_id: tenant,
      id: comment,
      task_id: task,
      author_id: member,
      body: 'Done?',
    });
    const hook = { tenant_id: tenant, webhook_id: webhook };
    await insert(admin, 'webhooks', {
      tenant_id: tenant,
      id: webhook,
      url: 'https://example.com/',
      events: ['tag.deleted'],
    });
    await insert(admin, 'webhook_secrets', { ...hook, sealed: 'test.' });
    const body = '{"type":"task.created","timestamp":"","data":{"resource":{},"changes":{}}}';
    const delivery = { event: 'task.created', resource_type: 'task', resource_id: subtask, body };
    await insert(admin, 'webhook_deliveries', { ...hook, ...delivery });
    await insert(admin, 'webhook_outbox', { tenant_id: tenant, ...delivery, webhook_ids: [webhook] });
    await insert(admin, 'comment_mentions', { tenant_id: tenant, comment_id: comment, member_id: member, n: 1 });
    return world;
  });
}

/** Inserts one row; what is not named takes its default. */
export async function insert(client: pg.Client, table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  await client.query(
    `insert into ${table} (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
    Object.values(row),
  );
}
