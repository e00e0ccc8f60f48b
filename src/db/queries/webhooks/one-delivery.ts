import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { jsonObject } from '../../sql/json.ts';
import { deliveryMembers } from '../../sql/representations.ts';

/** One delivery of a webhook. */
export function oneDelivery(db: Database, webhookId: string, id: string) {
  return db.query
    .selectFrom('webhook_deliveries')
    .where('webhook_deliveries.tenant_id', '=', db.tenantId)
    .where('webhook_deliveries.webhook_id', '=', webhookId)
    .where('webhook_deliveries.id', '=', id)
    .select([sql<null>`null::integer`.as('version'), jsonObject(deliveryMembers).as('body')]);
}
