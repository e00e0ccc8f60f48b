import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
import { type ListRequest, listPage, pick, type SortMembers } from '../../sql/list.ts';
import { tenantMembers } from '../../sql/representations.ts';

const sorts = {
  created_at: { expression: sql.ref('tenants.created_at'), type: 'timestamptz' },
  name: { expression: tenantMembers.name, type: 'text' },
} satisfies SortMembers;

/** All tenants, for the platform. */
export function listTenants(db: Database, request: ListRequest, { fields }: { fields?: string[] | undefined }) {
  const item = jsonBuildObject(pick(tenantMembers, fields));
  const rows = db.query.selectFrom('tenants');
  return listPage(db, { name: 'tenants', rows, table: 'tenants', item, id: tenantMembers.id, sorts }, request);
}
