import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { Rejection } from '../../client/rejections.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

const MAX_TAGS = 50;
/** The same as a phrase for one member, and as a sentence. */
export const TOO_MANY_TAGS = {
  phrase: `a task has at most ${MAX_TAGS} tags`,
  sentence: `A task has at most ${MAX_TAGS} tags.`,
};

/** A statement that ends the batch where a task has more tags than it may have. */
export function rejectTooManyTags(db: Database, taskId: string, rejection: Rejection): Compilable {
  const count = sql`(select count(*) from task_tags where tenant_id = ${db.tenantId} and task_id = ${taskId})`;
  return raiseUnless(db, sql<boolean>`${count} <= ${MAX_TAGS}::integer`, rejection);
}
