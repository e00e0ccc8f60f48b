import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { webhookMembers } from '../../sql/representations.ts';
import type { Webhooks } from '../../types.ts';

export const webhookSorts = {
  created_at: { expression: sql.ref('webhooks.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** The tenant's webhooks. */
export function listWebhooks(
  db: Database,
  { status }: { status?: Selectable<Webhooks>['status'] | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  let rows = db.query.selectFrom('webhooks').where('webhooks.tenant_id', '=', db.tenantId);
  if (status !== undefined) rows = rows.where('webhooks.status', '=', status);
  const item = jsonObject(pick(webhookMembers(db.tenantId), request.fields));
  const list = { rows, table: 'webhooks', item, id: sql.ref<string>('webhooks.id'), sorts: webhookSorts };
  return fetchPage(db, list, request, options);
}
