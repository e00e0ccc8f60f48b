import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow, lockTag } from '../../sql/lock.ts';
import { rejectTooManyTags, TOO_MANY_TAGS } from './tag-limit.ts';

/** Puts a tag on a task; once it is there, nothing changes. Rejects as `lockRow` does, and with `conflict` for too many tags. */
export function putTagging(db: Database, taskId: string, tagId: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'task', taskId, options),
    lockTag(db, tagId, taskId),
    db.query
      .insertInto('task_tags')
      .values({ tenant_id: db.tenantId, task_id: taskId, tag_id: tagId })
      .onConflict((conflict) => conflict.doNothing()),
    rejectTooManyTags(db, taskId, {
      code: 'conflict',
      detail: TOO_MANY_TAGS.sentence,
    }),
  ]);
}
