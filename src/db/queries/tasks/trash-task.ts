import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type Expected, lockProjectOf, lockRow } from '../../sql/lock.ts';
import { trashed } from '../projects/trash-project.ts';
import { treeOf } from './task-tree.ts';

/** Puts a task and all below it into the trash; what is there already keeps its own way back. */
export async function trashTask(db: Database, id: string, expected: Expected): Promise<void> {
  await db.write([
    ...lockProjectOf(db, id),
    lockRow(db, 'task', id, { expected }),
    db.query
      .updateTable('tasks')
      .set(trashed(id))
      .where('tenant_id', '=', db.tenantId)
      .where('deleted_at', 'is', null)
      .where(sql<boolean>`id = any(array(with recursive ${treeOf(db, id)} select id from tree))`),
  ]);
}
