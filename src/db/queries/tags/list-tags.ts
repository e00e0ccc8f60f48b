import { sql } from 'kysely';
import type { AnyQuery } from '../../client/any-query.ts';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { liveTagCount, tagCount, tagMembers } from '../../sql/representations.ts';

export const tagSorts = {
  name: { expression: tagMembers.name.value, type: 'text' },
  task_count: { expression: sql.ref('live.task_count'), type: 'integer' },
  created_at: { expression: sql.ref('tags.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** The tenant's tags, each with the count of its live tasks. `q` is a prefix of the name, matched as names are. */
export function listTags(db: Database, { q }: { q?: string | undefined }, request: ListRequest, options: ReadOptions) {
  let rows = db.query.selectFrom('tags').where('tags.tenant_id', '=', db.tenantId);
  if (q !== undefined) rows = rows.where(sql<boolean>`starts_with(tags.key, tag_key(${q}))`);
  const item = jsonObject(pick({ ...tagMembers, ...tagCount(db.tenantId) }, request.fields));
  const joinForSort = request.sort.some(({ member }) => member === 'task_count') ? joinTagCount(db) : undefined;
  const list = { rows, table: 'tags', item, id: tagMembers.id.value, sorts: tagSorts, joinForSort };
  return fetchPage(db, list, request, options);
}

function joinTagCount(db: Database): (rows: AnyQuery) => AnyQuery {
  return (rows) => rows.innerJoinLateral(liveTagCount(db.tenantId).as('live'), (join) => join.onTrue());
}
