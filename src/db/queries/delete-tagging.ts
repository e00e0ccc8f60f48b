import type { Database } from '../client.ts';
import { lockRow } from '../lock.ts';
import { tagIsThere } from './put-tagging.ts';

/** Takes a tag off a task; where it is not on it, nothing changes. Problems: `not_found` for the task or the tag. */
export async function deleteTagging(db: Database, taskId: string, tagId: string): Promise<void> {
  await db.write([
    lockRow(db, 'task', taskId),
    tagIsThere(db, tagId),
    db.query
      .deleteFrom('task_tags')
      .where('tenant_id', '=', db.tenantId)
      .where('task_id', '=', taskId)
      .where('tag_id', '=', tagId),
  ]);
}
