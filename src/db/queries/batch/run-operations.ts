import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { DatabaseError } from '../../client/errors.ts';
import type { JsonText } from '../../client/read.ts';
import { type WriteOptions, type WriteResult, writeRepresentation } from '../../client/write.ts';
import { showsNothingForgotten } from '../../sql/forget-responses.ts';

/** The answers to operations, in their order. */
export interface Results {
  results: {
    id: string | null;
    status: number;
    location: string | null;
    etag: string | null;
    body: Record<string, unknown> | null;
  }[];
}

/**
 * Runs operations one after another, all or nothing. Rejects as they do; the rejection has the number of the operation.
 * @param statements of all operations, each of which ends by keeping its answer
 */
export async function runOperations(
  db: Database,
  statements: Compilable[],
  options: WriteOptions,
): Promise<WriteResult<Results>> {
  const begin = db.query.selectNoFrom(sql`set_config('app.operation', '0', true)`.as('operation'));
  const answer = db.query.selectNoFrom([
    sql<null>`null::integer`.as('version'),
    sql<JsonText<Results>>`kept_results()`.as('body'),
  ]);
  const whole = { ...options, storeIf: showsNothingForgotten };
  const run = () => writeRepresentation<Results>(db, whole, [begin, ...statements], answer);
  try {
    return await run();
  } catch (error) {
    // Only a race gets as far as a constraint, which does not say whose it was: the rule before it does, now that the other
    // has committed.
    if (error instanceof DatabaseError && error.failure.kind === 'violated') return run();
    throw error;
  }
}
