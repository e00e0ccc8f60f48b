import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { memberMembers } from '../../sql/representations.ts';
import type { Members } from '../../types.ts';

interface MemberFilters {
  status?: Selectable<Members>['status'] | undefined;
  q?: string | undefined;
}

export const memberSorts = {
  name: { expression: memberMembers.name.value, type: 'text' },
  created_at: { expression: sql.ref('members.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** The tenant's members, filtered. `q` is words of the name and the email, of the last one a beginning. */
export function listMembers(db: Database, { status, q }: MemberFilters, request: ListRequest, options: ReadOptions) {
  let rows = db.query.selectFrom('members').where('members.tenant_id', '=', db.tenantId);
  if (q !== undefined) {
    rows = rows.where(sql<boolean>`members.id = any(array(select search_members(${q})))`);
    // Not as the index on the status has it, of which PostgreSQL would read all with that status.
    if (status !== undefined) rows = rows.where(sql<boolean>`members.status || '' = ${status}`);
  } else if (status !== undefined) {
    rows = rows.where('members.status', '=', status);
  }
  const item = jsonObject(pick(memberMembers, request.fields));
  const list = { rows, table: 'members', item, id: memberMembers.id.value, sorts: memberSorts };
  return fetchPage(db, list, request, options);
}
