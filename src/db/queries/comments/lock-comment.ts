import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { lockRow } from '../../sql/lock.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

/**
 * Statements that lock a comment which the caller may change, and before it its task: whoever trashes, restores or purges
 * a task locks that first too, and so does a new comment. They reject with `not_found` where there is no such comment or
 * its task is in the trash, with `forbidden` where the caller is neither its author nor an admin, and then as `lockRow` does.
 */
export function lockComment(db: Database, id: string, { ifMatch }: { ifMatch?: string[] | undefined }): Compilable[] {
  const taskIsLive = sql<boolean>`(
    select true from tasks
    where tenant_id = ${db.tenantId} and deleted_at is null
      and id = (select task_id from comments where tenant_id = ${db.tenantId} and id = ${id})
    for no key update)`;
  return [
    raiseUnless(db, taskIsLive, notFound('comment')),
    lockRow(db, 'comment', id),
    raiseUnless(db, mayChange(db, id), {
      code: 'forbidden',
      detail: 'Only its author or an admin may change or delete a comment.',
    }),
    ...(ifMatch ? [lockRow(db, 'comment', id, { ifMatch })] : []),
  ];
}

/**
 * Whether the caller is an admin or the author: the same member, or for a comment of no member the same actor.
 */
function mayChange(db: Database, id: string) {
  return sql<boolean>`(
    select current_setting('app.caller_role') = 'admin'
      or author_id = current_member()
      or (author_id is null and actor = nullif(current_setting('app.actor'), ''))
    from comments where tenant_id = ${db.tenantId} and id = ${id})`;
}
