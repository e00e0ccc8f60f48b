import { sql } from 'kysely';
import { type Reply, writeNothing } from '../answer.ts';
import type { Database } from '../client.ts';
import { conflictUnless, type Expected, lockRow } from '../lock.ts';
import { forgetAnswers } from './forget-answers.ts';

/** Deletes a trashed project for good, with its tasks. Problems: `conflict` where it is not in the trash. */
export function purgeProject(db: Database, id: string, expected: Expected, reply: Reply) {
  return writeNothing(db, reply, [
    lockRow(db, 'project', id, { expected, trashed: true }),
    conflictUnless(
      db,
      sql<boolean>`(select deleted_at is not null from projects where tenant_id = ${db.tenantId} and id = ${id})`,
      'Only what is in the trash can be purged.',
    ),
    forgetAnswers(
      db,
      sql`select ${id}::uuid union all
        select id from tasks where tenant_id = ${db.tenantId} and project_id = ${id}`,
    ),
    db.query.deleteFrom('projects').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
