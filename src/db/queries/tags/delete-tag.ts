import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockRow } from '../../sql/lock.ts';

/** Deletes a tag and takes it off its tasks, whose versions do not change. */
export function deleteTag(db: Database, id: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'tag', id, options),
    db.query.deleteFrom('tags').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
