import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { isLive } from '../../sql/is-live.ts';
import { fetchPage, type ListRequest } from '../../sql/list.ts';
import { commentList } from './comment-list.ts';

/** The comments of one task. Rejects with `not_found` where there is no such task, or it is in the trash. */
export function listTaskComments(db: Database, taskId: string, request: ListRequest, options: ReadOptions) {
  const rows = db.query
    .selectFrom('comments')
    .where('comments.tenant_id', '=', db.tenantId)
    .where('comments.task_id', '=', taskId);
  const list = { ...commentList(db, request), rows, onlyIf: isLive(db, 'task', taskId) };
  return fetchPage(db, list, request, options);
}
