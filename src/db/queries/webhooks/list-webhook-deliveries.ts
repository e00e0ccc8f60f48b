import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { deliveryMembers } from '../../sql/representations.ts';
import type { WebhookDeliveries } from '../../types.ts';
import { webhookRow } from './one-webhook.ts';

export const deliverySorts = {
  at: { expression: sql.ref('webhook_deliveries.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** The deliveries of one webhook. Rejects with `not_found` where there is no such webhook. */
export function listWebhookDeliveries(
  db: Database,
  webhookId: string,
  { status }: { status?: Selectable<WebhookDeliveries>['status'] | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  let rows = db.query
    .selectFrom('webhook_deliveries')
    .where('webhook_deliveries.tenant_id', '=', db.tenantId)
    .where('webhook_deliveries.webhook_id', '=', webhookId);
  if (status !== undefined) rows = rows.where('webhook_deliveries.status', '=', status);
  const list = {
    rows,
    table: 'webhook_deliveries',
    item: jsonObject(pick(deliveryMembers, request.fields)),
    id: deliveryMembers.id.value,
    sorts: deliverySorts,
    onlyIf: {
      resource: 'webhook',
      isThere: sql<boolean>`exists (${webhookRow(db, webhookId).select('webhooks.id')})`,
    },
  };
  return fetchPage(db, list, request, options);
}
