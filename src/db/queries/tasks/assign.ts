import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { Rejection } from '../../client/rejections.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

/** How many members can be assigned to one task. */
const MAX_ASSIGNEES = 20;

export interface Assignment {
  member_id: string;
  role: 'owner' | 'contributor' | 'reviewer' | 'watcher';
}

/** An assignment, and where in the request the member is named. */
interface NamedAssignment extends Assignment {
  pointer: string;
}

interface NamedMember {
  member_id: string;
  pointer: string;
  /** Whether the member is taken off, as somebody who has been deactivated can be. */
  leaves?: boolean;
}

/**
 * A statement that keeps members from being renamed, deactivated or purged until the batch ends. It rejects with
 * `unprocessable` where one is unknown, or is deactivated and not on the task yet.
 * @param taskId the task that they are assigned to, if it exists already
 */
export function lockAssignees(db: Database, named: NamedMember[], taskId: string | null = null): Compilable {
  const statement = sql`
    with given as materialized (
      select pointer, member_id, leaves, n
      from rows from (json_to_recordset(${JSON.stringify(named)}::json) as (pointer text, member_id uuid, leaves boolean))
        with ordinality as given (pointer, member_id, leaves, n)),
    locked as materialized (
      select id, status from members
      where tenant_id = ${db.tenantId} and id = any(array(select member_id from given)) order by id for share),
    faulty as materialized (
      select pointer, n,
        case when locked.id is null then 'unknown' else 'deactivated' end as code,
        case when locked.id is null then 'is no member' else 'is a deactivated member' end as message
      from given left join locked on locked.id = given.member_id
      where locked.status is distinct from 'active' and not (locked.id is not null and (coalesce(leaves, false) or exists (
        select from assignees
        where tenant_id = ${db.tenantId} and task_id = ${taskId}::uuid and assignees.member_id = given.member_id)))
      order by n limit 20)
    select raise_unless(not exists (select from faulty), (
      select json_build_object(
        'code', 'unprocessable',
        'detail', (array_agg(pointer || ': ' || message order by n))[1],
        'errors', json_agg(json_build_object('pointer', pointer, 'code', code, 'message', message) order by n))
      from faulty)) as allowed`;
  return { compile: () => statement.compile(db.query) };
}

/**
 * The statements that assign members to a task, which must be locked already. Who is there gets the role that is given; a
 * new owner makes the old one a contributor. Rejects as {@link lockAssignees} does, and with `unprocessable` for too many.
 * @param removed the members to take off before; `others` for all that are not assigned here
 */
export function assign(
  db: Database,
  taskId: string,
  assigned: NamedAssignment[],
  removed: Pick<NamedMember, 'member_id' | 'pointer'>[] | 'others',
): Compilable[] {
  const ids = assigned.map(({ member_id }) => member_id);
  const [owner = null] = assigned.flatMap(({ member_id, role }) => (role === 'owner' ? [member_id] : []));
  const ofTask = db.query.deleteFrom('assignees').where('tenant_id', '=', db.tenantId).where('task_id', '=', taskId);
  const remove =
    removed === 'others'
      ? ofTask.where(sql<boolean>`member_id <> all(${ids}::uuid[])`)
      : ofTask.where(sql<boolean>`member_id = any(${removed.map(({ member_id }) => member_id)}::uuid[])`);
  // By itself, because two owners would meet in one statement.
  const demote = db.query
    .updateTable('assignees')
    .set({ role: 'contributor' })
    .where('tenant_id', '=', db.tenantId)
    .where('task_id', '=', taskId)
    .where('role', '=', 'owner')
    .where('member_id', '<>', owner ?? '');
  const insert = db.query
    .insertInto('assignees')
    .values(assigned.map(({ member_id, role }) => ({ tenant_id: db.tenantId, task_id: taskId, member_id, role })))
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'task_id', 'member_id'])
        .doUpdateSet((eb) => ({ role: eb.ref('excluded.role') }))
        .whereRef('assignees.role', '<>', 'excluded.role'),
    );
  const leaving = removed === 'others' ? [] : removed.map((member) => ({ ...member, leaves: true }));
  const named = [...assigned, ...leaving];
  return [
    ...(named.length > 0 ? [lockAssignees(db, named, taskId)] : []),
    ...(removed === 'others' || leaving.length > 0 ? [remove] : []),
    ...(owner ? [demote] : []),
    ...(assigned.length > 0 ? [insert, rejectTooManyAssignees(db, taskId)] : []),
  ];
}

function rejectTooManyAssignees(db: Database, taskId: string): Compilable {
  const rejection: Rejection = {
    code: 'unprocessable',
    detail: `A task has at most ${MAX_ASSIGNEES} assignees.`,
  };
  return raiseUnless(
    db,
    sql<boolean>`(
      select count(*) from assignees
      where tenant_id = ${db.tenantId} and task_id = ${taskId}) <= ${MAX_ASSIGNEES}::integer`,
    rejection,
  );
}
