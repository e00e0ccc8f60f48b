import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { sqlState, TOO_MANY_ROWS } from '../../client/errors.ts';
import type { WriteAnswer } from '../../client/representation.ts';
import { forgetAnswers, forgetSomeAnswers, mentions } from '../../sql/forget-responses.ts';

/** Tasks that one batch purges, and what it erases besides: entries of the audit log, and stored answers. A second or so. */
const MAX_TASKS = 2000;
const MAX_TRACES = 20_000;

/** What is to be purged: the tasks, and how. */
export interface Purge {
  /** Of the project or task that is purged: the last one to go. */
  id: string;
  /** A condition on `doomed`, a row of `tasks`: which tasks are to go. */
  doomed: RawBuilder<boolean>;
  /** The statements that lock the resource and refuse what may not be. */
  lock: Compilable[];
  /** Makes that nobody can restore what several batches have left so far. Changes no version. */
  close: Compilable;
  /** Purges the resource after these statements, the whole of it in one batch. */
  finish: (statements: Compilable[]) => Promise<WriteAnswer<never>>;
}

/**
 * Purges in one batch, or, where there is more than one batch takes, in several. Each of these is a transaction: if the
 * request runs out of time, what is purged stays purged, and the same request goes on from there. An idempotency key is
 * claimed in the last one alone.
 */
export async function purgeInBatches(db: Database, purge: Purge): Promise<WriteAnswer<never>> {
  const { id, doomed, lock, close, finish } = purge;
  const all = sql`from tasks as doomed where doomed.tenant_id = ${db.tenantId} and ${doomed}`;
  const ids = sql`select doomed.id ${all}`;
  const atMost = (rows: RawBuilder<unknown>, limit: number) =>
    sql<boolean>`(select count(*) from (${rows} limit ${limit + 1}) as bounded) <= ${limit}::integer`;
  const entries = sql`
    select from audit_log where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = any(array(${ids}))`;
  const isFew = sql<boolean>`
    ${atMost(ids, MAX_TASKS)} and ${atMost(entries, MAX_TRACES)} and ${atMost(mentions(db, ids), MAX_TRACES)}`;
  const guard = db.query.selectNoFrom(sql`split_unless(${isFew})`.as('few'));
  try {
    return await finish([...lock, guard, ...deleteTasks(db, ids)]);
  } catch (error) {
    if (sqlState(error) !== TOO_MANY_ROWS) throw error;
  }
  const repeat = async (statements: Compilable[], counted: Compilable<{ count: number }>) => {
    const [row] = await db.write([...lock, close, ...statements, counted]);
    return row?.count ?? 0;
  };
  while ((await repeat([], forgetSomeAnswers(db, ids, MAX_TRACES))) > 0);
  const others = sql`${all} and doomed.id <> ${id}`;
  while ((await repeat(deleteTasks(db, leaves(db, others)), countLeft(db, others))) > 0);
  return finish([...lock, ...deleteTasks(db, ids)]);
}

/**
 * A query of tasks that have no subtasks, so that none takes more along than are counted: as many as one batch takes, or
 * a single one that has more entries in the audit log.
 */
function leaves(db: Database, all: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select id from (
      select id, sum(entries) over (order by id) - entries as before from (
        select doomed.id, (
          select count(*) from audit_log
          where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = doomed.id) as entries
        ${all} and not exists (
          select from tasks as child
          where child.tenant_id = ${db.tenantId} and child.project_id = doomed.project_id and child.parent_id = doomed.id)
        order by doomed.id limit ${MAX_TASKS}
      ) as counted
    ) as summed where before < ${MAX_TRACES}`;
}

/** A statement that tells whether tasks are left. */
function countLeft(db: Database, all: RawBuilder<unknown>): Compilable<{ count: number }> {
  return db.query.selectNoFrom(
    sql<number>`(select count(*)::integer from (select ${all} limit 1) as bounded)`.as('count'),
  );
}

/**
 * Statements that take tasks out of stored answers and delete them, all at once.
 * @param ids a query that finds the same ones both times
 */
function deleteTasks(db: Database, ids: RawBuilder<unknown>): Compilable[] {
  return [
    forgetAnswers(db, ids),
    db.query.deleteFrom('tasks').where('tenant_id', '=', db.tenantId).where(sql<boolean>`id = any(array(${ids}))`),
  ];
}

/** What marks a row in the trash as one whose purge has begun: it is no root of the trash any more. */
export const PURGING = { trash_id: '00000000-0000-0000-0000-000000000000' };
