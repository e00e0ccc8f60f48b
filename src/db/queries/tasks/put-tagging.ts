import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type Expected, lockRow, NO_SUCH } from '../../sql/lock.ts';
import { must } from '../../sql/raise-unless.ts';
import { atMostMaxTags, TOO_MANY_TAGS } from './update-task.ts';

/** Puts a tag on a task; once it is there, nothing changes. Problems: those of `lockRow`, `conflict` for too many tags. */
export async function putTagging(db: Database, taskId: string, tagId: string, expected: Expected): Promise<void> {
  await db.write([
    lockRow(db, 'task', taskId, { expected }),
    tagIsThere(db, tagId),
    db.query
      .insertInto('task_tags')
      .values({ tenant_id: db.tenantId, task_id: taskId, tag_id: tagId })
      .onConflict((conflict) => conflict.doNothing()),
    atMostMaxTags(db, taskId, {
      code: 'conflict',
      detail: `${TOO_MANY_TAGS[0]?.toUpperCase()}${TOO_MANY_TAGS.slice(1)}.`,
    }),
  ]);
}

/** Locked, so that it cannot be deleted before the batch ends. */
export function tagIsThere(db: Database, tagId: string) {
  const tag = sql<boolean>`(select true from tags where tenant_id = ${db.tenantId} and id = ${tagId} for key share)`;
  return must(db, tag, NO_SUCH.tag);
}
