import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { bare, jsonObject, moment, pick, plain, text } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';

const members = {
  type: plain(sql<'project' | 'task'>`trash.type`),
  id: plain(sql<string>`trash.id`),
  name: text(sql<string>`trash.name`),
  version: bare(sql<number>`trash.version`),
  deleted_at: moment(sql`trash.deleted_at`),
  deleted_by: text(sql<string | null>`trash.deleted_by`),
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
  const item = jsonObject(pick(members, request.fields));
  return fetchPage(db, { rows, table: 'trash', item, id: members.id.value, sorts: trashSorts }, request, options);
}
