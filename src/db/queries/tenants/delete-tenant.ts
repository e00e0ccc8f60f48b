import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { lockTenant } from './lock-tenant.ts';
import { oneTenant } from './one-tenant.ts';

/**
 * Marks a suspended tenant for the scheduled purge, which deletes all that belongs to it and then the tenant.
 * Rejects as `lockTenant` does, and with `conflict` where the tenant is not suspended.
 */
export function deleteTenant(db: Database, id: string, options: WriteOptions) {
  const isSuspended = conflictUnless(
    db,
    sql<boolean>`(select status = 'suspended' from tenants where id = ${id})`,
    'Only a suspended tenant can be deleted.',
  );
  const update = db.query.updateTable('tenants').set({ status: 'deleting' }).where('id', '=', id);
  return writeRepresentation(
    db,
    options,
    [...lockTenant(db, id, options.ifMatch), isSuspended, update],
    oneTenant(db, id),
  );
}
