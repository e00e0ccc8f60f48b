import { type Compilable, sql } from 'kysely';
import type { Database } from '../client.ts';

/** Rows of each kind that one batch deletes, so that none runs long. */
const BATCH = 500;

export interface Purged {
  projects: number;
  tasks: number;
  idempotency_keys: number;
}

/**
 * Deletes, for all tenants, some of what has been in the trash for 30 days, with all that went along, and some of the
 * idempotency keys that have expired. As the janitor's role, whose policies show it nothing else.
 * @returns how many rows of each kind; less than a batch of all means that nothing is left
 */
export async function purgeExpired(db: Database): Promise<Purged & { more: boolean }> {
  const [gone] = await db.write([purgeOldest(db)]);
  const { projects = 0, tasks = 0, idempotency_keys = 0 } = gone ?? {};
  return { projects, tasks, idempotency_keys, more: Math.max(projects, tasks, idempotency_keys) === BATCH };
}

function purgeOldest(db: Database): Compilable<Purged> {
  const old = sql`trash_id = id and deleted_at < now() - interval '30 days' order by deleted_at limit ${BATCH}`;
  return db.query
    .with('projects_gone', (qb) =>
      qb
        .deleteFrom('projects')
        .where(sql<boolean>`(tenant_id, id) in (select tenant_id, id from projects where ${old})`)
        .returning('id'),
    )
    .with('tasks_gone', (qb) =>
      qb
        .deleteFrom('tasks')
        .where(sql<boolean>`(tenant_id, id) in (select tenant_id, id from tasks where ${old})`)
        .returning('id'),
    )
    .with('keys_gone', (qb) =>
      qb
        .deleteFrom('idempotency_keys')
        .where(
          sql<boolean>`(tenant_id, key) in (
            select tenant_id, key from idempotency_keys where expires_at < now() order by expires_at limit ${BATCH})`,
        )
        .returning('key'),
    )
    .selectNoFrom([
      sql<number>`(select count(*)::integer from projects_gone)`.as('projects'),
      sql<number>`(select count(*)::integer from tasks_gone)`.as('tasks'),
      sql<number>`(select count(*)::integer from keys_gone)`.as('idempotency_keys'),
    ]);
}
