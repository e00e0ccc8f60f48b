import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { jsonObject } from '../../sql/json.ts';
import { lockRow } from '../../sql/lock.ts';
import { shownOnce, withSecret } from '../../sql/shown-once.ts';
import { webhookRow } from './one-webhook.ts';

/** How many secrets of a webhook sign at most, however often they are rotated: each makes the deliveries' header longer. */
const MAX_SECRETS = 5;

/**
 * Gives a webhook another secret; each that was there goes on signing for a day since another one took its place, but the
 * oldest where they would be more than five. Rejects as `lockRow` does.
 * @param secret as `createWebhook` takes it
 */
export async function rotateWebhookSecret(
  db: Database,
  id: string,
  secret: { shown: string; sealed: string },
  options: WriteOptions,
) {
  const forgetOlder = db.query
    .deleteFrom('webhook_secrets')
    .where('tenant_id', '=', db.tenantId)
    .where('webhook_id', '=', id)
    .where(sql<boolean>`(expires_at <= now() or id not in (
      select kept.id from webhook_secrets as kept
      where kept.tenant_id = ${db.tenantId} and kept.webhook_id = ${id}
      order by kept.id desc limit ${MAX_SECRETS - 1}))`);
  const expire = db.query
    .updateTable('webhook_secrets')
    .set({ expires_at: sql<string>`now() + interval '24 hours'` })
    .where('tenant_id', '=', db.tenantId)
    .where('webhook_id', '=', id)
    .where('expires_at', 'is', null);
  const insert = db.query
    .insertInto('webhook_secrets')
    .values({ tenant_id: db.tenantId, webhook_id: id, sealed: secret.sealed });
  const update = db.query
    .updateTable('webhooks')
    .set({ secret_rotated_at: sql<string>`clock_timestamp()` })
    .where('tenant_id', '=', db.tenantId)
    .where('id', '=', id);
  const result = await writeRepresentation(
    db,
    options,
    [lockRow(db, 'webhook', id, options), forgetOlder, expire, insert, update],
    webhookRow(db, id).select(['webhooks.version', jsonObject(shownOnce('secret')).as('body')]),
  );
  return withSecret(db, result, 'secret', secret.shown);
}
