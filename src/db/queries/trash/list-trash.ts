import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { fetchPage, type ListRequest, pick, type SortMembers } from '../../sql/list.ts';

const members = {
  type: sql<'project' | 'task'>`trash.type`,
  id: sql<string>`trash.id`,
  name: sql<string>`trash.name`,
  version: sql<number>`trash.version`,
  deleted_at: sql<string>`rfc3339(trash.deleted_at)`,
  deleted_by: sql<string | null>`trash.deleted_by`,
};

export const trashSorts = {
  deleted_at: { expression: sql.ref('trash.deleted_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** Projects and tasks that were trashed themselves. What was trashed with them is not listed. */
export function listTrash(
  db: Database,
  { type }: { type?: 'project' | 'task' | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  const projects = sql`
    select 'project' as type, id, name, version, deleted_at, deleted_by from projects
    where tenant_id = ${db.tenantId} and trash_id = id`;
  const tasks = sql`
    select 'task' as type, id, title as name, version, deleted_at, deleted_by from tasks
    where tenant_id = ${db.tenantId} and trash_id = id`;
  const both = type === 'project' ? projects : type === 'task' ? tasks : sql`${projects} union all ${tasks}`;
  const rows = db.query.selectFrom(sql<{ id: string }>`(${both})`.as('trash'));
  const item = jsonBuildObject(pick(members, request.fields));
  return fetchPage(db, { rows, table: 'trash', item, id: members.id, sorts: trashSorts }, request, options);
}
