import { type Expression, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import type { RaisedProblem } from '../client/errors.ts';

/**
 * A statement that ends the whole batch with a problem unless the condition is true (null is not). What a write may
 * not do is decided so, under the locks that the batch holds, and nothing of the batch stays.
 */
export function must(db: Database, condition: Expression<boolean>, problem: RaisedProblem) {
  return db.query.selectNoFrom(sql`must(${condition}, ${JSON.stringify(problem)}::json)`.as('must'));
}
