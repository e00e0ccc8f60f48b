import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { conflictUnless, type Expected, lockRow } from '../../sql/lock.ts';
import { projectWithTasks } from './project-with-tasks.ts';

/** Whether a row in the trash is not yet due for the scheduled purge, which may have begun with it otherwise. */
export const keptInTrash = sql<boolean>`deleted_at >= now() - interval '30 days'`;

/** What a row becomes when it comes back. */
export const restored = { deleted_at: null, deleted_by: null, trash_id: null };

/** Takes a project out of the trash, with exactly the tasks that went along. Problems: `conflict` where it is not there. */
export function restoreProject(db: Database, id: string, expected: Expected, reply: Reply, taskLimit: number) {
  return writeAnswer(
    db,
    reply,
    [
      lockRow(db, 'project', id, { expected, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(
          select trash_id = id and ${keptInTrash} from projects where tenant_id = ${db.tenantId} and id = ${id})`,
        'The project is not in the trash, or its purge has begun.',
      ),
      db.query.updateTable('projects').set(restored).where('tenant_id', '=', db.tenantId).where('id', '=', id),
      db.query.updateTable('tasks').set(restored).where('tenant_id', '=', db.tenantId).where('trash_id', '=', id),
    ],
    projectWithTasks(db, id, taskLimit, reply.lower),
  );
}
