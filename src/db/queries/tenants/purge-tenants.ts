import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { isLeaf } from '../../sql/trash.ts';

/** The tables that can have many rows of one tenant, in the order in which they can be emptied: referring tables first. */
export const TENANT_TABLES = [
  'idempotency_keys',
  'webhook_outbox',
  'webhook_deliveries',
  'comments',
  'tasks',
  'projects',
  'tags',
  'members',
  'audit_log',
] as const;

/** The tenants at home here that are being deleted, oldest first. The policies of the janitor's role show it no other's rows. */
export async function deletingTenants(db: Database): Promise<string[]> {
  const rows = await db.query
    .selectFrom('tenants')
    .select('id')
    .where('status', '=', 'deleting')
    .where('placement', '=', 'home')
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Deletes one batch of a tenant's rows in a table, so many at most.
 * @returns how many; none means that none is left
 */
export async function purgeTenantRows(
  db: Database,
  tenantId: string,
  table: (typeof TENANT_TABLES)[number],
  rows: number,
): Promise<number> {
  const key = sql.ref({ idempotency_keys: 'key', webhook_outbox: 'n' }[table as string] ?? 'id');
  // Tasks without subtasks, because deleting a task deletes its subtasks too, which would not be counted.
  const leaves = table === 'tasks' ? sql`and ${isLeaf(sql`${tenantId}`)}` : sql``;
  const batch = sql`
    select ${key} from ${sql.table(table)} as doomed
    where tenant_id = ${tenantId} ${leaves} order by ${key} limit ${rows}`;
  const [gone] = await db.write([
    db.query
      .with('gone', (qb) =>
        qb
          .deleteFrom(table)
          .where('tenant_id', '=', tenantId)
          .where(sql<boolean>`${key} = any(array(${batch}))`)
          .returning('tenant_id'),
      )
      .selectNoFrom(sql<number>`(select count(*)::integer from gone)`.as('count')),
  ]);
  return gone?.count ?? 0;
}

/** Deletes a tenant, once {@link purgeTenantRows} has deleted the rows of which there can be many. */
export async function purgeTenant(db: Database, tenantId: string): Promise<void> {
  await db.write([db.query.deleteFrom('tenants').where('id', '=', tenantId)]);
}
