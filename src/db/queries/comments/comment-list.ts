import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { jsonObject, pick } from '../../sql/json.ts';
import type { ListRequest, SortMembers } from '../../sql/list.ts';
import { commentMembers } from '../../sql/representations.ts';

export const commentSorts = {
  created_at: { expression: sql.ref('comments.created_at'), type: 'timestamptz' },
} satisfies SortMembers;

/** How the lists of comments show and sort their rows. */
export function commentList(db: Database, { fields }: ListRequest) {
  return {
    table: 'comments',
    item: jsonObject(pick(commentMembers(db.tenantId), fields)),
    id: sql.ref<string>('comments.id'),
    sorts: commentSorts,
  };
}
