import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';

/** Deletes a webhook with its deliveries. Rejects as `lockRow` does. */
export function deleteWebhook(db: Database, id: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'webhook', id, options),
    db.query.deleteFrom('webhooks').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
