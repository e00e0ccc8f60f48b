import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { jsonObject } from '../../sql/json.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { webhookMembers } from '../../sql/representations.ts';
import { oneDelivery } from './one-delivery.ts';

/**
 * Has a webhook sent the event `webhook.test`, whatever events it takes. Rejects with `not_found`.
 * @param id of the delivery
 */
export function testWebhook(db: Database, webhookId: string, id: string, options: WriteOptions) {
  // It may be deleted at the same time.
  const isThere = sql<boolean>`(
    select true from webhooks where tenant_id = ${db.tenantId} and id = ${webhookId} for key share)`;
  const { last_delivery: _, ...members } = webhookMembers(db.tenantId);
  const body = sql<string>`webhook_body(
    'webhook.test', rfc3339(clock_timestamp()), ${db.tenantId}, 'webhook', ${jsonObject(members)}, '{}',
    nullif(current_setting('app.actor', true), ''))`;
  const insert = db.query
    .insertInto('webhook_deliveries')
    .columns(['tenant_id', 'id', 'webhook_id', 'event', 'resource_type', 'resource_id', 'body', 'people'])
    .expression(
      db.query
        .selectFrom('webhooks')
        .where('webhooks.tenant_id', '=', db.tenantId)
        .where('webhooks.id', '=', webhookId)
        .select([
          'webhooks.tenant_id',
          sql<string>`${id}::uuid`.as('id'),
          'webhooks.id as webhook_id',
          sql<string>`'webhook.test'`.as('event'),
          sql<string>`'webhook'`.as('resource_type'),
          'webhooks.id as resource_id',
          body.as('body'),
          sql<string[]>`array_remove(array[actor_mention(nullif(current_setting('app.actor', true), ''))], null)`.as(
            'people',
          ),
        ]),
    );
  return writeRepresentation(
    db,
    options,
    [raiseUnless(db, isThere, notFound('webhook')), insert],
    oneDelivery(db, webhookId, id),
  );
}
