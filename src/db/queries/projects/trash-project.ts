import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';
import { trashedBy } from '../../sql/trash.ts';

/** Puts a project and its tasks into the trash. */
export function trashProject(db: Database, id: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'project', id, options),
    db.query
      .updateTable('tasks')
      .set(trashedBy(id))
      .where('tenant_id', '=', db.tenantId)
      .where('project_id', '=', id)
      .where('deleted_at', 'is', null),
    db.query.updateTable('projects').set(trashedBy(id)).where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
