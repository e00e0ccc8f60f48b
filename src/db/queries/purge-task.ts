import { sql } from 'kysely';
import { type Reply, writeNothing } from '../answer.ts';
import type { Database } from '../client.ts';
import { conflictUnless, type Expected, lockProjectOf, lockRow } from '../lock.ts';
import { forgetAnswers } from './forget-answers.ts';
import { treeOf } from './task-tree.ts';

/** Deletes a trashed task for good, with all below it. Problems: `conflict` where it is not in the trash. */
export function purgeTask(db: Database, id: string, expected: Expected, reply: Reply) {
  return writeNothing(db, reply, [
    ...lockProjectOf(db, id),
    lockRow(db, 'task', id, { expected, trashed: true }),
    conflictUnless(
      db,
      sql<boolean>`(select deleted_at is not null from tasks where tenant_id = ${db.tenantId} and id = ${id})`,
      'Only what is in the trash can be purged.',
    ),
    forgetAnswers(db, sql`with recursive ${treeOf(db, id)} select id from tree`),
    db.query.deleteFrom('tasks').where('tenant_id', '=', db.tenantId).where('id', '=', id),
  ]);
}
