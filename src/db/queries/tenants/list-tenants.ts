import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { tenantMembers } from '../../sql/representations.ts';
import { isShown } from './is-shown.ts';
import { gatherTenants } from './tenants-of-shards.ts';

export const tenantSorts = {
  created_at: { expression: sql.ref('tenants.created_at'), type: 'timestamptz' },
  name: { expression: tenantMembers.name.value, type: 'text' },
} satisfies SortMembers;

/**
 * All tenants, for the platform. Of several databases each gives the beginning of its part of the page; the first one then
 * makes the page of these parts, in PostgreSQL's order of names, which is nobody else's.
 */
export async function listTenants(db: Database, request: ListRequest, options: ReadOptions) {
  const item = jsonObject(pick(tenantMembers, request.fields));
  const list = { table: 'tenants', item, id: tenantMembers.id.value, sorts: tenantSorts };
  const rows = db.shards
    ? await gatherTenants(db, tenantSorts, request)
    : { rows: db.query.selectFrom('tenants').where(isShown) };
  return fetchPage(db, { ...list, ...rows }, request, options);
}
