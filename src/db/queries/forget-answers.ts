import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../client.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/**
 * A statement that takes what is about to be purged out of the answers stored for idempotent requests. The keys stay:
 * a retry must not make anew what somebody purged.
 * Each body is read once, however many ids there are.
 * @param ids a query of the ids that will be gone
 */
export function forgetAnswers(db: Database, ids: RawBuilder<unknown>): Compilable {
  return db.query
    .updateTable('idempotency_keys')
    .set({ body: null, etag: null })
    .where('tenant_id', '=', db.tenantId)
    .where(
      sql<boolean>`exists (
        select from regexp_matches(body, ${UUID}, 'g') as mentioned (id) where mentioned.id[1]::uuid in (${ids}))`,
    );
}
