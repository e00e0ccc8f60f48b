import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { oneDelivery } from './one-delivery.ts';

/** Has a delivery sent again, with all its attempts, whether or not it has arrived before. Rejects with `not_found`. */
export function redeliver(db: Database, webhookId: string, id: string, options: WriteOptions) {
  const isThere = sql<boolean>`(
    select true from webhook_deliveries
    where tenant_id = ${db.tenantId} and webhook_id = ${webhookId} and id = ${id} for no key update)`;
  // One that waits for an earlier one of its resource goes on waiting.
  const due = sql<string>`case when next_attempt_at = 'infinity' then next_attempt_at else clock_timestamp() end`;
  const restart = db.query
    .updateTable('webhook_deliveries')
    .set({ status: 'pending', attempt: 0, next_attempt_at: due })
    .where('tenant_id', '=', db.tenantId)
    .where('webhook_id', '=', webhookId)
    .where('id', '=', id);
  return writeRepresentation(
    db,
    options,
    [raiseUnless(db, isThere, notFound('delivery')), restart],
    oneDelivery(db, webhookId, id),
  );
}
