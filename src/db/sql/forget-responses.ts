import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../client/database.ts';

/**
 * A statement that takes what is about to be purged out of the answers stored for idempotent requests. The keys stay:
 * a retry must not make anew what somebody purged. Beside each key stands of what its answer tells, so none is read.
 * @param ids a query of the ids that will be gone
 */
export function forgetAnswers(db: Database, ids: RawBuilder<unknown>): Compilable {
  return forget(db, mentions(db, ids));
}

/** The same for so many answers at most; tells how many they were. */
export function forgetSomeAnswers(
  db: Database,
  ids: RawBuilder<unknown>,
  limit: number,
): Compilable<{ count: number }> {
  const some = sql`select distinct key from (${mentions(db, ids)}) as mentioning (key) limit ${limit}`;
  return db.query
    .with('forgotten', () => forget(db, some).returning('key'))
    .selectNoFrom(sql<number>`(select count(*)::integer from forgotten)`.as('count'));
}

function forget(db: Database, keys: RawBuilder<unknown>) {
  return db.query
    .updateTable('idempotency_keys')
    .set({ body: null, etag: null })
    .where('tenant_id', '=', db.tenantId)
    .where(sql<boolean>`key = any(array(${keys}))`);
}

/** A query of the keys whose answers tell of one of these. */
export function mentions(db: Database, ids: RawBuilder<unknown>) {
  return sql`
    select mentions.key from idempotency_mentions as mentions
    where mentions.tenant_id = ${db.tenantId} and mentions.resource_id = any(array(${ids}))`;
}
