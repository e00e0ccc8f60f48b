import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type Expected, lockRow } from '../../sql/lock.ts';

/** What a row becomes when it goes to the trash along with a project or task. */
export function trashed(trashId: string) {
  return {
    deleted_at: sql<string>`now()`,
    deleted_by: sql<string | null>`nullif(current_setting('app.actor'), '')`,
    trash_id: trashId,
  };
}

/** Puts a project and its tasks into the trash. */
export async function trashProject(db: Database, id: string, expected: Expected): Promise<void> {
  await db.write([
    lockRow(db, 'project', id, { expected }),
    db.query
      .updateTable('tasks')
      .set(trashed(id))
      .where('tenant_id', '=', db.tenantId)
      .where('project_id', '=', id)
      .where('deleted_at', 'is', null),
    db.query.updateTable('projects').set(trashed(id)).where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
