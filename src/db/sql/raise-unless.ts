import { type Expression, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import type { Rejection } from '../client/rejections.ts';

/**
 * A statement that ends the whole batch with a rejection unless the condition is true (null is not). Whether a write is
 * allowed is decided this way, under the locks that the batch holds, and nothing of a rejected batch stays.
 */
export function raiseUnless(db: Database, condition: Expression<boolean>, rejection: Rejection) {
  return db.query.selectNoFrom(sql`raise_unless(${condition}, ${JSON.stringify(rejection)}::json)`.as('allowed'));
}

/** A statement that ends the batch with `conflict` (409) unless the condition holds. */
export function conflictUnless(db: Database, condition: Expression<boolean>, detail: string) {
  return raiseUnless(db, condition, { code: 'conflict', detail });
}
