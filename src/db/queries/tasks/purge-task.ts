import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TOO_MANY_ROWS } from '../../client/errors.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { lockProjectOf, lockRow } from '../../sql/lock.ts';
import { purgeInBatches } from '../../sql/purge-in-batches.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { PURGE_BEGUN } from '../../sql/trash.ts';
import { treeOf } from './task-tree.ts';

/** Deletes a trashed task for good, with all below it. Rejects with `conflict` where it is not in the trash. */
export function purgeTask(db: Database, id: string, options: WriteOptions) {
  return purgeInBatches(db, {
    id,
    isDoomed: sql<boolean>`doomed.id = any(array(with recursive ${treeOf(db, id)} select id from tree))`,
    lock: [
      ...lockProjectOf(db, id),
      lockRow(db, 'task', id, { ...options, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(select deleted_at is not null from tasks where tenant_id = ${db.tenantId} and id = ${id})`,
        'Only what is in the trash can be purged.',
      ),
    ],
    markBegun: db.query.updateTable('tasks').set(PURGE_BEGUN).where('tenant_id', '=', db.tenantId).where('id', '=', id),
    finish: (statements) => writeNothing(db, options, statements, [TOO_MANY_ROWS]),
  });
}
