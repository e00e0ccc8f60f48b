import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TOO_MANY_ROWS } from '../../client/errors.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { forgetResponses } from '../../sql/forget-responses.ts';
import { lockRow } from '../../sql/lock.ts';
import { purgeInBatches } from '../../sql/purge-in-batches.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { PURGE_BEGUN } from '../../sql/trash.ts';

/** Deletes a trashed project for good, with its tasks. Rejects with `conflict` where it is not in the trash. */
export function purgeProject(db: Database, id: string, options: WriteOptions) {
  return purgeInBatches(db, {
    id,
    isDoomed: sql<boolean>`doomed.project_id = ${id}`,
    lock: [
      lockRow(db, 'project', id, { ...options, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(select deleted_at is not null from projects where tenant_id = ${db.tenantId} and id = ${id})`,
        'Only what is in the trash can be purged.',
      ),
    ],
    markBegun: db.query
      .updateTable('projects')
      .set(PURGE_BEGUN)
      .where('tenant_id', '=', db.tenantId)
      .where('id', '=', id),
    finish: (statements) =>
      writeNothing(
        db,
        options,
        [
          ...statements,
          forgetResponses(db, sql`select ${id}::uuid`),
          db.query.deleteFrom('projects').where('tenant_id', '=', db.tenantId).where('id', '=', id),
        ],
        [TOO_MANY_ROWS],
      ),
  });
}
