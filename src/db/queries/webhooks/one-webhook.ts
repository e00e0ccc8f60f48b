import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { webhookMembers } from '../../sql/representations.ts';

/** The row of one webhook, without select list. */
export function webhookRow(db: Database, id: string) {
  return db.query.selectFrom('webhooks').where('webhooks.tenant_id', '=', db.tenantId).where('webhooks.id', '=', id);
}

/** One webhook. */
export function oneWebhook(db: Database, id: string) {
  return webhookRow(db, id).select(['webhooks.version', jsonObject(webhookMembers(db.tenantId)).as('body')]);
}

/** Reads one webhook. Rejects with `not_found`. */
export function getWebhook(db: Database, id: string, options: ReadOptions) {
  return fetchRepresentation(db, 'webhook', oneWebhook(db, id), options);
}
