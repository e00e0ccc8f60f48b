import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../client.ts';

/**
 * A statement that takes what is about to be purged out of the answers stored for idempotent requests. The keys stay:
 * a retry must not make anew what somebody purged. Beside each key stands of what its answer tells, so none is read.
 * @param ids a query of the ids that will be gone
 */
export function forgetAnswers(db: Database, ids: RawBuilder<unknown>): Compilable {
  return db.query
    .updateTable('idempotency_keys')
    .set({ body: null, etag: null })
    .where('tenant_id', '=', db.tenantId)
    .where(
      sql<boolean>`key = any(array(
        select mentions.key from idempotency_mentions as mentions
        where mentions.tenant_id = ${db.tenantId} and mentions.resource_id = any(array(${ids}))))`,
    );
}
