import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { NO_SUCH } from '../../sql/no-such.ts';

import { raiseUnless } from '../../sql/raise-unless.ts';
import { oneTenant } from './one-tenant.ts';

/**
 * The statements that lock a tenant, and end the batch where it is not there or has none of the expected entity tags
 * (undefined: any; tenants have no version, so the digest counts). Rejects with `not_found`, `precondition_failed`.
 */
export function lockTenant(db: Database, id: string, expected: string[] | undefined): Compilable[] {
  const lock = raiseUnless(
    db,
    sql<boolean>`(select true from tenants where id = ${id} for no key update)`,
    NO_SUCH.tenant,
  );
  if (!expected) return [lock];
  const current = db.query
    .selectFrom(oneTenant(db, id).as('shown'))
    .select(sql<string>`etag_of(version, body::text)`.as('etag'));
  const isExpected = raiseUnless(db, sql<boolean>`(${current}) = any(${expected}::text[])`, {
    code: 'precondition_failed',
    detail: 'The tenant has changed since it had this entity tag.',
    members: { current_version: null },
  });
  return [lock, isExpected];
}
