import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { isLeaf, MAX_ROWS_PER_BATCH, purgedBefore } from '../../sql/trash.ts';

/**
 * In the order in which they can be deleted: a project once it has no tasks left. Comments go before their tasks, each of which
 * can have more of them than one batch deletes.
 */
export const KINDS = [
  'idempotency_keys',
  'webhook_outbox',
  'webhook_deliveries',
  'comments',
  'tasks',
  'projects',
] as const;
export type Kind = (typeof KINDS)[number];

/**
 * Deletes, for all tenants, one batch of what has been in the trash for 30 days, of idempotency keys that have expired, or of
 * deliveries to webhooks, and what none has been made of, that are 30 days old.
 * The policies of the janitor's role show it nothing else. Of tasks it deletes those without subtasks and comments, because
 * deleting others would delete these too, which would not be counted.
 * @param batch how many rows
 * @returns how many rows were deleted; when they are fewer than `batch`, nothing is left (of tasks: when there are none)
 */
export async function purgeExpired(db: Database, kind: Kind, batch: number = MAX_ROWS_PER_BATCH): Promise<number> {
  const [gone] = await db.write([purgeOldest(db, kind, batch)]);
  return gone?.count ?? 0;
}

function purgeOldest(db: Database, kind: Kind, batch: number): Compilable<{ count: number }> {
  const old = sql`deleted_at < ${purgedBefore}`;
  const oldest = {
    idempotency_keys: sql`
      select tenant_id, key from idempotency_keys where expires_at < now() order by expires_at limit ${batch}`,
    webhook_outbox: sql`
      select tenant_id, n from webhook_outbox where created_at < ${purgedBefore} order by created_at limit ${batch}`,
    webhook_deliveries: sql`
      select tenant_id, id from webhook_deliveries where created_at < ${purgedBefore} order by created_at limit ${batch}`,
    comments: sql`
      select doomed.tenant_id, doomed.id
      from (select tenant_id, id from tasks where ${old} and comment_count > 0 order by deleted_at) as commented
      cross join lateral (
        select tenant_id, id from comments
        where comments.tenant_id = commented.tenant_id and comments.task_id = commented.id) as doomed
      limit ${batch}`,
    tasks: sql`
      select tenant_id, id from tasks as doomed where ${old} and ${isLeaf(sql.ref('doomed.tenant_id'))}
      and (
        select comments.id from comments
        where comments.tenant_id = doomed.tenant_id and comments.task_id = doomed.id limit 1) is null
      order by deleted_at limit ${batch}`,
    projects: sql`
      select tenant_id, id from projects where ${old} and not exists (
        select from tasks where tasks.tenant_id = projects.tenant_id and tasks.project_id = projects.id)
      order by deleted_at limit ${batch}`,
  }[kind];
  const key = sql.ref({ idempotency_keys: 'key', webhook_outbox: 'n' }[kind as string] ?? 'id');
  return db.query
    .with('gone', (qb) =>
      qb.deleteFrom(kind).where(sql<boolean>`(tenant_id, ${key}) in (${oldest})`).returning('tenant_id'),
    )
    .selectNoFrom(sql<number>`(select count(*)::integer from gone)`.as('count'));
}
