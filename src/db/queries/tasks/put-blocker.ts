import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound, type Rejection } from '../../client/rejections.ts';
import { type WriteOptions, writeNothing } from '../../client/write.ts';
import { keepFromMoving, lockRow } from '../../sql/lock.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';

/** How many tasks block one task, those in the trash too. */
const MAX_BLOCKERS = 50;
/** How many tasks one task blocks: a response shows them all. */
const MAX_BLOCKED = 10_000;
/** How many tasks the search for a circle looks at. */
const MAX_SEARCHED = 20_000;
/** What the advisory lock is for: the first of its two numbers. The second is the tenant. */
const NEW_DEPENDENCIES = 1;

const rejections = {
  circle: {
    code: 'cycle',
    detail: 'The blocker is the task itself, or is blocked by it, directly or through other tasks.',
  },
  tooManyAbove: {
    code: 'unprocessable',
    detail: `The blocker is itself blocked by more than ${MAX_SEARCHED} tasks, directly or through others.`,
  },
  tooManyBlockers: { code: 'unprocessable', detail: `A task has at most ${MAX_BLOCKERS} blockers.` },
  tooManyBlocked: { code: 'unprocessable', detail: `A task blocks at most ${MAX_BLOCKED} others.` },
} satisfies Record<string, Rejection>;

/**
 * Makes one task block another; once it does, nothing changes. Rejects as `lockRow` does, with `cycle` where tasks would
 * block each other in a circle, and with `unprocessable` for too many.
 */
export function putBlocker(db: Database, taskId: string, blockerId: string, options: WriteOptions) {
  return writeNothing(db, options, [
    keepFromMoving(db, [taskId, blockerId]),
    lockRow(db, 'task', taskId, options),
    keepBlocker(db, blockerId),
    oneAtATime(db),
    rejectCircle(db, taskId, blockerId),
    db.query
      .insertInto('dependencies')
      .values({ tenant_id: db.tenantId, task_id: taskId, blocker_id: blockerId })
      .onConflict((conflict) => conflict.doNothing()),
    rejectMoreThan(db, MAX_BLOCKERS, sql`task_id = ${taskId}`, rejections.tooManyBlockers),
    rejectMoreThan(db, MAX_BLOCKED, sql`blocker_id = ${blockerId}`, rejections.tooManyBlocked),
  ]);
}

/**
 * A statement that lets one batch of a tenant at a time make dependencies: two that do not see each other's could close a
 * circle together. Tenants whose numbers are the same by chance wait for each other. It is the last lock that a batch takes,
 * so that whoever waits for a row holds nobody else up.
 */
function oneAtATime(db: Database): Compilable {
  return db.query.selectNoFrom(
    sql`pg_advisory_xact_lock(${NEW_DEPENDENCIES}::integer, hashtext(${db.tenantId}::text))`.as('locked'),
  );
}

/** A statement that keeps the blocker from being purged until the batch ends. It rejects where it is not there or trashed. */
function keepBlocker(db: Database, blockerId: string): Compilable {
  const isThere = sql<boolean>`(
    select true from tasks where tenant_id = ${db.tenantId} and id = ${blockerId} and deleted_at is null
    for key share)`;
  return raiseUnless(db, isThere, notFound('task'));
}

/**
 * A statement that ends the batch where the blocker is the task, or is blocked by it through whatever tasks, those in the
 * trash too, because they can be restored. It goes from the blocker to its blockers and on to theirs, to each task once.
 * PostgreSQL makes no more rows of a recursive query than are asked for. OFFSET 0 keeps it from reading all dependencies at
 * each step of a chain, as it plans a join. What blocks the task already closes no circle.
 */
function rejectCircle(db: Database, taskId: string, blockerId: string): Compilable {
  const walk = sql<{ closes: boolean | null; tasks: number }>`(
    with recursive above as (
      select ${blockerId}::uuid as id
      where not exists (
        select from dependencies
        where tenant_id = ${db.tenantId} and task_id = ${taskId} and blocker_id = ${blockerId})
      union
      select next.blocker_id
      from above cross join lateral (
        select blocker_id from dependencies
        where tenant_id = ${db.tenantId} and task_id = above.id
        offset 0) as next
    )
    select bool_or(id = ${taskId}) as closes, count(*) as tasks
    from (select id from above limit ${MAX_SEARCHED + 1}) as bounded)`;
  return db.query
    .selectFrom(walk.as('walk'))
    .select([
      sql`raise_unless(closes is not true, ${JSON.stringify(rejections.circle)}::json)`.as('no_circle'),
      sql`raise_unless(tasks <= ${MAX_SEARCHED}, ${JSON.stringify(rejections.tooManyAbove)}::json)`.as('searched'),
    ]);
}

function rejectMoreThan(db: Database, limit: number, which: RawBuilder<unknown>, rejection: Rejection): Compilable {
  const some = sql`select from dependencies where tenant_id = ${db.tenantId} and ${which} limit ${limit + 1}`;
  return raiseUnless(db, sql<boolean>`(select count(*) from (${some}) as bounded) <= ${limit}::integer`, rejection);
}
