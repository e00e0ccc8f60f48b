import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockProjectOf, lockRow } from '../../sql/lock.ts';
import { trashedBy } from '../../sql/trash.ts';
import { treeOf } from './task-tree.ts';

/** Puts a task and all below it into the trash. A subtask that was there already keeps the operation that trashed it. */
export function trashTask(db: Database, id: string, options: WriteOptions) {
  return writeNothing(db, options, [
    ...lockProjectOf(db, id),
    lockRow(db, 'task', id, options),
    db.query
      .updateTable('tasks')
      .set(trashedBy(id))
      .where('tenant_id', '=', db.tenantId)
      .where('deleted_at', 'is', null)
      .where(sql<boolean>`id = any(array(with recursive ${treeOf(db, id)} select id from tree))`),
  ]);
}
