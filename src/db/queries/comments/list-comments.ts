import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { fetchPage, type ListRequest } from '../../sql/list.ts';
import { type TimeFilters, withinTimes } from '../../sql/time-filters.ts';
import { commentList } from './comment-list.ts';
import { liveComments } from './live-comments.ts';

interface CommentFilters extends Pick<TimeFilters, 'created_after' | 'created_before'> {
  /** The id of a member, or `me`. */
  author?: string | undefined;
  mentions?: string | undefined;
  q?: string | undefined;
}

/** The tenant's comments on tasks outside the trash, filtered. */
export function listComments(
  db: Database,
  { author, mentions, q, ...times }: CommentFilters,
  request: ListRequest,
  options: ReadOptions,
) {
  let rows = withinTimes(liveComments(db), 'comments', times);
  if (author !== undefined) rows = rows.where(sql<boolean>`comments.author_id = ${memberId(author)}`);
  if (mentions !== undefined) {
    rows = rows.where(
      sql<boolean>`comments.id = any(array(
        select comment_id from comment_mentions
        where tenant_id = ${db.tenantId} and member_id = ${memberId(mentions)}))`,
    );
  }
  if (q !== undefined) rows = rows.where(sql<boolean>`comments.id = any(array(select search_comments(${q})))`);
  return fetchPage(db, { ...commentList(db, request), rows }, request, options);
}

/** An id, or that of the caller's member, which is null where there is none. */
function memberId(value: string) {
  return value === 'me' ? sql`current_member()` : sql`${value}::uuid`;
}
