import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { type ApiKeyStatus, apiKeyMembers, apiKeyStatus } from '../../sql/representations.ts';

export const apiKeySorts = {
  created_at: { expression: sql.ref('api_keys.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** The tenant's API keys, also those that are no longer good. */
export function listApiKeys(
  db: Database,
  { status }: { status?: ApiKeyStatus | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  let rows = db.query.selectFrom('api_keys').where('api_keys.tenant_id', '=', db.tenantId);
  if (status !== undefined) rows = rows.where(apiKeyStatus, '=', status);
  const item = jsonObject(pick(apiKeyMembers, request.fields));
  const list = { rows, table: 'api_keys', item, id: apiKeyMembers.id.value, sorts: apiKeySorts };
  return fetchPage(db, list, request, options);
}
