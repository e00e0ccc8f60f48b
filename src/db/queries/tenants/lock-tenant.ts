import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { oneTenant } from './one-tenant.ts';

/**
 * The statements that lock a tenant, for a database that may be its home. They reject the batch with `not_found` where there is no such tenant, and with
 * `precondition_failed` where it has none of the expected entity tags; with `unavailable` while it is being moved. Tenants have no version, so the whole tag counts.
 * @param expected the entity tags of `If-Match`; undefined where any will do
 */
export function lockTenant(db: Database, id: string, expected: string[] | undefined): Compilable[] {
  const isServed = db.query.selectNoFrom(
    sql`refuse_unless_served(${id}::uuid, ${JSON.stringify(notFound('tenant'))}::json)`.as('allowed'),
  );
  const lock = raiseUnless(
    db,
    sql<boolean>`(select true from tenants where id = ${id} for no key update)`,
    notFound('tenant'),
  );
  if (!expected) return [isServed, lock];
  const current = db.query
    .selectFrom(oneTenant(db, id).as('shown'))
    .select(sql<string>`etag_of(version, body::text)`.as('etag'));
  const isExpected = raiseUnless(db, sql<boolean>`(${current}) = any(${expected}::text[])`, {
    code: 'precondition_failed',
    detail: 'The tenant has changed since it had this entity tag.',
    members: { current_version: null },
  });
  return [isServed, lock, isExpected];
}
