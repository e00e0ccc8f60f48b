import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { keepFromMoving, lockRow } from '../../sql/lock.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { type Assignment, assign } from './assign.ts';

/**
 * Assigns a member to a task, or changes the role; once it is so, nothing changes. Rejects as `lockRow` does, with
 * `not_found` for an unknown member, and as `assign` does.
 */
export function putAssignee(db: Database, taskId: string, { member_id, role }: Assignment, options: WriteOptions) {
  return writeNothing(db, options, [
    keepFromMoving(db, [taskId]),
    lockRow(db, 'task', taskId, options),
    lockMember(db, member_id),
    ...assign(db, taskId, [{ member_id, role, pointer: '{member_id}' }], []),
  ]);
}

/** Takes a member off a task; one who is not on it stays so. Rejects as `lockRow` does, and for an unknown member. */
export function deleteAssignee(db: Database, taskId: string, memberId: string, options: WriteOptions) {
  return writeNothing(db, options, [
    lockRow(db, 'task', taskId, options),
    lockMember(db, memberId),
    db.query
      .deleteFrom('assignees')
      .where('tenant_id', '=', db.tenantId)
      .where('task_id', '=', taskId)
      .where('member_id', '=', memberId),
  ]);
}

function lockMember(db: Database, id: string) {
  return raiseUnless(
    db,
    sql<boolean>`(select true from members where tenant_id = ${db.tenantId} and id = ${id} for share)`,
    notFound('member'),
  );
}
