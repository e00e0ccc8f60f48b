import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

/**
 * Takes a blocker off a task; where it does not block the task, nothing changes. A blocker in the trash counts as there:
 * nobody should have to restore it for that. Rejects as `lockRow` does.
 */
export function deleteBlocker(db: Database, taskId: string, blockerId: string, options: WriteOptions) {
  const isThere = sql<boolean>`exists (select from tasks where tenant_id = ${db.tenantId} and id = ${blockerId})`;
  return writeNothing(db, options, [
    lockRow(db, 'task', taskId, options),
    raiseUnless(db, isThere, notFound('task')),
    db.query
      .deleteFrom('dependencies')
      .where('tenant_id', '=', db.tenantId)
      .where('task_id', '=', taskId)
      .where('blocker_id', '=', blockerId),
  ]);
}
