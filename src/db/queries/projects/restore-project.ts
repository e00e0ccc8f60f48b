import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { isKept, RESTORED } from '../../sql/trash.ts';
import { projectWithTasks } from './project-with-tasks.ts';

/**
 * Takes a project out of the trash, with exactly the tasks that were trashed with it. Rejects with `conflict` where it is
 * not in the trash.
 */
export function restoreProject(db: Database, id: string, taskLimit: number, options: WriteOptions) {
  return writeRepresentation(
    db,
    options,
    [
      lockRow(db, 'project', id, { ...options, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(
          select trash_id = id and ${isKept} from projects where tenant_id = ${db.tenantId} and id = ${id})`,
        'The project is not in the trash, or its purge has begun.',
      ),
      db.query.updateTable('projects').set(RESTORED).where('tenant_id', '=', db.tenantId).where('id', '=', id),
      db.query.updateTable('tasks').set(RESTORED).where('tenant_id', '=', db.tenantId).where('trash_id', '=', id),
    ],
    projectWithTasks(db, id, taskLimit, options.limitParameter),
  );
}
