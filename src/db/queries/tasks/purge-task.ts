import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TOO_MANY_ROWS } from '../../client/errors.ts';
import { type Reply, writeNothing } from '../../client/representation.ts';
import { conflictUnless, type Expected, lockProjectOf, lockRow } from '../../sql/lock.ts';
import { PURGING, purgeInBatches } from './purge-in-batches.ts';
import { treeOf } from './task-tree.ts';

/** Deletes a trashed task for good, with all below it. Problems: `conflict` where it is not in the trash. */
export function purgeTask(db: Database, id: string, expected: Expected, reply: Reply) {
  return purgeInBatches(db, {
    id,
    doomed: sql<boolean>`doomed.id = any(array(with recursive ${treeOf(db, id)} select id from tree))`,
    lock: [
      ...lockProjectOf(db, id),
      lockRow(db, 'task', id, { expected, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(select deleted_at is not null from tasks where tenant_id = ${db.tenantId} and id = ${id})`,
        'Only what is in the trash can be purged.',
      ),
    ],
    close: db.query.updateTable('tasks').set(PURGING).where('tenant_id', '=', db.tenantId).where('id', '=', id),
    finish: (statements) => writeNothing(db, reply, statements, [TOO_MANY_ROWS]),
  });
}
