import { sql } from 'kysely';
import { type Reply, writeAnswer } from '../answer.ts';
import type { Database } from '../client.ts';
import { NO_SUCH } from '../lock.ts';
import { must } from '../must.ts';
import { oneTenant } from './one-tenant.ts';

export interface TenantPatch {
  name?: string | undefined;
  status?: 'active' | 'suspended' | undefined;
}

/**
 * Changes what the patch names, where the tenant has one of the expected entity tags (undefined: any; tenants have no
 * version, so the digest counts). Problems: `not_found`, `precondition_failed`.
 */
export function updateTenant(
  db: Database,
  id: string,
  patch: TenantPatch,
  expected: string[] | undefined,
  reply: Reply,
) {
  const lock = must(db, sql<boolean>`(select true from tenants where id = ${id} for no key update)`, NO_SUCH.tenant);
  const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const update = db.query.updateTable('tenants').set(named).where('id', '=', id);
  const current = db.query
    .selectFrom(oneTenant(db, id).as('shown'))
    .select(sql<string>`etag_of(version, body::text)`.as('etag'));
  const isExpected = must(db, sql<boolean>`(${current}) = any(${expected ?? []}::text[])`, {
    code: 'precondition_failed',
    detail: 'The tenant has changed since it had this entity tag.',
    members: { current_version: null },
  });
  const changes = Object.keys(named).length > 0;
  return writeAnswer(
    db,
    reply,
    [lock, ...(expected ? [isExpected] : []), ...(changes ? [update] : [])],
    oneTenant(db, id),
  );
}
