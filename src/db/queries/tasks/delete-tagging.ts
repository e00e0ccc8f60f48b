import type { Database } from '../../client/database.ts';
import { type Expected, lockRow } from '../../sql/lock.ts';
import { tagIsThere } from './put-tagging.ts';

/** Takes a tag off a task; where it is not on it, nothing changes. Problems: those of `lockRow`. */
export async function deleteTagging(db: Database, taskId: string, tagId: string, expected: Expected): Promise<void> {
  await db.write([
    lockRow(db, 'task', taskId, { expected }),
    tagIsThere(db, tagId),
    db.query
      .deleteFrom('task_tags')
      .where('tenant_id', '=', db.tenantId)
      .where('task_id', '=', taskId)
      .where('tag_id', '=', tagId),
  ]);
}
