import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import { sqlState, TOO_MANY_ROWS } from '../client/errors.ts';
import type { WriteResult } from '../client/write.ts';
import { forgetResponses, forgetSomeResponses, keysMentioning } from './forget-responses.ts';
import { isLeaf } from './trash.ts';

/**
 * What one batch purges at most, so that it takes about a second: tasks, their comments, and what tells of them, which is
 * entries of the audit log, stored responses, and other tasks that they block, whose blockers it takes off.
 */
const MAX_TASKS = 2000;
const MAX_COMMENTS = 2000;
const MAX_RELATED_ROWS = 20_000;

/** A project or task to purge, with its tasks. */
interface Purge {
  /** The id of that project or task, which is deleted last. */
  id: string;
  /** A condition on `doomed`, a row of `tasks`: whether the task is to be purged. */
  isDoomed: RawBuilder<boolean>;
  /** The statements that lock the resource, and reject the purge where it is not allowed. */
  lock: Compilable[];
  /** Keeps anybody from restoring what is left between two batches. Changes no version. */
  markBegun: Compilable;
  /** Runs the last batch: these statements, and what deletes the resource itself. */
  finish: (statements: Compilable[]) => Promise<WriteResult<never>>;
}

/**
 * Purges in one batch, or in several where one would take too long. Each of several is a transaction of its own: if the
 * request runs out of time, what is purged stays purged, and the same request can be sent again to go on. An idempotency
 * key is claimed in the last batch.
 */
export async function purgeInBatches(db: Database, purge: Purge): Promise<WriteResult<never>> {
  const { id, isDoomed, lock, markBegun, finish } = purge;
  const all = sql`from tasks as doomed where doomed.tenant_id = ${db.tenantId} and ${isDoomed}`;
  const ids = sql`select doomed.id ${all}`;
  const atMost = (rows: RawBuilder<unknown>, limit: number) =>
    sql<boolean>`(select count(*) from (${rows} limit ${limit + 1}) as bounded) <= ${limit}::integer`;
  const comments = sql`
    select comments.id from comments
    where comments.tenant_id = ${db.tenantId} and comments.task_id = any(array(${ids}))`;
  const related = sql`
    ${relatedRows(db, sql`any(array(${ids}))`)}
    union all
    select from audit_log
    where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = any(array(${comments} limit ${MAX_COMMENTS}))`;
  const isFew = sql<boolean>`
    ${atMost(ids, MAX_TASKS)} and ${atMost(comments, MAX_COMMENTS)}
    and ${atMost(related, MAX_RELATED_ROWS)} and ${atMost(keysMentioning(db, ids), MAX_RELATED_ROWS)}`;
  const guard = db.query.selectNoFrom(sql`split_unless(${isFew})`.as('few'));
  try {
    return await finish([...lock, guard, ...deleteTasks(db, ids)]);
  } catch (error) {
    if (sqlState(error) !== TOO_MANY_ROWS) throw error;
  }
  const repeat = async (statements: Compilable[], counted: Compilable<{ count: number }>) => {
    const [row] = await db.write([...lock, markBegun, ...statements, counted]);
    return row?.count ?? 0;
  };
  while ((await repeat([], forgetSomeResponses(db, ids, MAX_RELATED_ROWS))) > 0);
  while ((await repeat([], deleteSomeComments(db, ids))) > 0);
  const others = sql`${all} and doomed.id <> ${id}`;
  while ((await repeat(deleteTasks(db, leaves(db, others)), countLeft(db, others))) > 0);
  return finish([...lock, ...deleteTasks(db, ids)]);
}

/**
 * A query of tasks without subtasks, because deleting a task deletes its subtasks too, which would not be counted. They
 * are as many as one batch takes, or a single one of which more rows tell than that.
 */
function leaves(db: Database, all: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select id from (
      select id, sum(related) over (order by id) - related as before from (
        select doomed.id, (select count(*) from (${relatedRows(db, sql`doomed.id`)}) as telling) as related
        ${all} and ${isLeaf(sql`${db.tenantId}`)}
        order by doomed.id limit ${MAX_TASKS}
      ) as counted
    ) as summed where before < ${MAX_RELATED_ROWS}`;
}

/**
 * A query of the entries of the audit log on tasks, and of the dependencies of others on them.
 * @param tasks what their id is equal to
 */
function relatedRows(db: Database, tasks: RawBuilder<unknown>) {
  return sql`
    select from audit_log where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = ${tasks}
    union all
    select from dependencies where dependencies.tenant_id = ${db.tenantId} and dependencies.blocker_id = ${tasks}`;
}

/**
 * A statement that deletes as many comments of tasks as one batch takes, or a single one that has more entries in the audit
 * log than that. Its row says how many they were.
 */
function deleteSomeComments(db: Database, taskIds: RawBuilder<unknown>): Compilable<{ count: number }> {
  const some = sql`
    select id from (
      select id, sum(entries) over (order by id) - entries as before from (
        select comments.id, (
          select count(*) from audit_log
          where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = comments.id) as entries
        from comments
        where comments.tenant_id = ${db.tenantId} and comments.task_id = any(array(${taskIds}))
        limit ${MAX_COMMENTS}
      ) as counted
    ) as summed where before < ${MAX_RELATED_ROWS}`;
  return db.query
    .with('gone', (qb) =>
      qb
        .deleteFrom('comments')
        .where('tenant_id', '=', db.tenantId)
        .where(sql<boolean>`id = any(array(${some}))`)
        .returning('id'),
    )
    .selectNoFrom(sql<number>`(select count(*)::integer from gone)`.as('count'));
}

/** A statement whose row says whether tasks are left: 1 or 0. */
function countLeft(db: Database, all: RawBuilder<unknown>): Compilable<{ count: number }> {
  return db.query.selectNoFrom(
    sql<number>`(select count(*)::integer from (select ${all} limit 1) as bounded)`.as('count'),
  );
}

/**
 * The statements that take tasks out of stored responses and delete them.
 * @param ids a query that runs twice and has the same rows both times
 */
function deleteTasks(db: Database, ids: RawBuilder<unknown>): Compilable[] {
  return [
    forgetResponses(db, ids),
    db.query.deleteFrom('tasks').where('tenant_id', '=', db.tenantId).where(sql<boolean>`id = any(array(${ids}))`),
  ];
}
