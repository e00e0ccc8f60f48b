import type { Database } from '../../client/database.ts';
import { type Expected, lockRow } from '../../sql/lock.ts';

/** Deletes a tag and takes it off its tasks, whose versions stay. */
export async function deleteTag(db: Database, id: string, expected: Expected): Promise<void> {
  await db.write([
    lockRow(db, 'tag', id, { expected }),
    db.query.deleteFrom('tags').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
