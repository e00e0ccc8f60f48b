import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { tenantMembers } from '../../sql/representations.ts';

export const tenantSorts = {
  created_at: { expression: sql.ref('tenants.created_at'), type: 'timestamptz' },
  name: { expression: tenantMembers.name.value, type: 'text' },
} satisfies SortMembers;

/** All tenants, for the platform. */
export function listTenants(db: Database, request: ListRequest, options: ReadOptions) {
  const item = jsonObject(pick(tenantMembers, request.fields));
  const rows = db.query.selectFrom('tenants');
  return fetchPage(
    db,
    { rows, table: 'tenants', item, id: tenantMembers.id.value, sorts: tenantSorts },
    request,
    options,
  );
}
