import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { TOO_MANY_ROWS } from '../../client/errors.ts';
import { type Reply, writeNothing } from '../../client/representation.ts';
import { forgetAnswers } from '../../sql/forget-responses.ts';
import { conflictUnless, type Expected, lockRow } from '../../sql/lock.ts';
import { PURGING, purgeInBatches } from '../tasks/purge-in-batches.ts';

/** Deletes a trashed project for good, with its tasks. Problems: `conflict` where it is not in the trash. */
export function purgeProject(db: Database, id: string, expected: Expected, reply: Reply) {
  return purgeInBatches(db, {
    id,
    doomed: sql<boolean>`doomed.project_id = ${id}`,
    lock: [
      lockRow(db, 'project', id, { expected, trashed: true }),
      conflictUnless(
        db,
        sql<boolean>`(select deleted_at is not null from projects where tenant_id = ${db.tenantId} and id = ${id})`,
        'Only what is in the trash can be purged.',
      ),
    ],
    close: db.query.updateTable('projects').set(PURGING).where('tenant_id', '=', db.tenantId).where('id', '=', id),
    finish: (statements) =>
      writeNothing(
        db,
        reply,
        [
          ...statements,
          forgetAnswers(db, sql`select ${id}::uuid`),
          db.query.deleteFrom('projects').where('tenant_id', '=', db.tenantId).where('id', '=', id),
        ],
        [TOO_MANY_ROWS],
      ),
  });
}
