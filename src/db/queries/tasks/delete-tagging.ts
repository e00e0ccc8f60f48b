import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow, lockTag } from '../../sql/lock.ts';

/** Takes a tag off a task; where it is not on it, nothing changes. Rejects as `lockRow` does. */
export function deleteTagging(db: Database, taskId: string, tagId: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'task', taskId, options),
    lockTag(db, tagId, taskId),
    db.query
      .deleteFrom('task_tags')
      .where('tenant_id', '=', db.tenantId)
      .where('task_id', '=', taskId)
      .where('tag_id', '=', tagId),
  ]);
}
