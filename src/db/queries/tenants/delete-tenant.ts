import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { conflictUnless } from '../../sql/lock.ts';
import { lockTenant } from './lock-tenant.ts';
import { oneTenant } from './one-tenant.ts';

/**
 * Marks a suspended tenant for the scheduled purge, which deletes all that belongs to it and then the tenant.
 * Problems: those of `lockTenant`, `conflict` where it is not suspended.
 */
export function deleteTenant(db: Database, id: string, expected: string[] | undefined, reply: Reply) {
  const isSuspended = conflictUnless(
    db,
    sql<boolean>`(select status = 'suspended' from tenants where id = ${id})`,
    'Only a suspended tenant can be deleted.',
  );
  const update = db.query.updateTable('tenants').set({ status: 'deleting' }).where('id', '=', id);
  return writeAnswer(db, reply, [...lockTenant(db, id, expected), isSuspended, update], oneTenant(db, id));
}
