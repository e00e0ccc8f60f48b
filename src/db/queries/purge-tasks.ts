import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { WriteAnswer } from '../answer.ts';
import type { Database } from '../client.ts';
import { sqlState, TOO_MANY_ROWS } from '../errors.ts';
import type { Expected } from '../lock.ts';
import { forgetAnswers } from './forget-answers.ts';

/** Tasks that one batch purges: it takes a second or so, of the ten that a statement may take. */
const BATCH = 2000;

/** What is to be purged: the tasks, and how. */
export interface Purge {
  /** A condition on `doomed`, a row of `tasks`: which tasks are to go. */
  doomed: RawBuilder<boolean>;
  /** The statements that lock the resource and refuse what may not be. */
  lock: (expected: Expected) => Compilable[];
  expected: Expected;
  /** Makes that nobody can restore what several batches have left so far. */
  close: Compilable;
  /** Purges the resource after these statements, the whole of it in one batch. */
  finish: (statements: Compilable[]) => Promise<WriteAnswer<never>>;
}

/**
 * Purges in one batch, or, where there are more tasks than one batch takes, in several. Each of these is a transaction:
 * if the request runs out of time, what is purged stays purged, and the same request goes on from there.
 */
export async function purgeInBatches(db: Database, purge: Purge): Promise<WriteAnswer<never>> {
  const { doomed, lock, expected, close, finish } = purge;
  const all = sql`from tasks as doomed where doomed.tenant_id = ${db.tenantId} and ${doomed}`;
  const few = sql<boolean>`(select count(*) from (select ${all} limit ${BATCH + 1}) as bounded) <= ${BATCH}::integer`;
  const whole = (versions: Expected) =>
    finish([
      ...lock(versions),
      db.query.selectNoFrom(sql`split_unless(${few})`.as('few')),
      ...deleteTasks(db, sql`select doomed.id ${all}`),
    ]);
  try {
    return await whole(expected);
  } catch (error) {
    if (sqlState(error) !== TOO_MANY_ROWS) throw error;
  }
  // From the leaves up, so that no task takes more along than are counted.
  const leaves = sql`
    select doomed.id ${all} and not exists (
      select from tasks as child
      where child.tenant_id = ${db.tenantId} and child.project_id = doomed.project_id and child.parent_id = doomed.id)
    order by doomed.id limit ${BATCH}`;
  let versions = expected;
  for (let done: boolean | undefined = false; !done; versions = undefined) {
    const [left] = await db.write([
      ...lock(versions),
      close,
      ...deleteTasks(db, leaves),
      db.query.selectNoFrom(few.as('few')),
    ]);
    done = left?.few;
  }
  return whole(undefined);
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
