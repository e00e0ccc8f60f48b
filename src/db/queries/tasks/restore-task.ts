import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockProjectOf, lockRow } from '../../sql/lock.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { isKept, RESTORED } from '../../sql/trash.ts';
import { oneTask } from './one-task.ts';

/**
 * Takes a task out of the trash, with exactly the subtasks that were trashed with it. Rejects with `conflict` where the
 * task was not trashed itself, or where its project or parent is in the trash.
 */
export function restoreTask(db: Database, id: string, options: WriteOptions) {
  const task = sql`from tasks where tasks.tenant_id = ${db.tenantId} and tasks.id = ${id}`;
  return writeRepresentation(
    db,
    options,
    [
      ...lockProjectOf(db, id),
      lockRow(db, 'task', id, { ...options, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(select trash_id = id and ${isKept} ${task})`,
        'The task was not put into the trash by itself, or its purge has begun.',
      ),
      conflictUnless(
        db,
        sql<boolean>`(
          select not exists (
            select from projects where projects.tenant_id = ${db.tenantId}
              and projects.id = tasks.project_id and projects.deleted_at is not null
          ) and not exists (
            select from tasks as parent where parent.tenant_id = ${db.tenantId}
              and parent.id = tasks.parent_id and parent.deleted_at is not null
          ) ${task})`,
        'The project or the parent of the task is in the trash: restore that first.',
      ),
      db.query.updateTable('tasks').set(RESTORED).where('tenant_id', '=', db.tenantId).where('trash_id', '=', id),
    ],
    oneTask(db, id),
  );
}
