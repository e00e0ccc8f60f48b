import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { conflictUnless } from '../../sql/raise-unless.ts';
import { lockTenant } from './lock-tenant.ts';
import { oneTenant } from './one-tenant.ts';

interface TenantPatch {
  name?: string | undefined;
  status?: 'active' | 'suspended' | undefined;
}

/**
 * Changes the members that the patch names. Rejects as `lockTenant` does, and with `conflict` where the tenant is being
 * deleted.
 */
export function updateTenant(db: Database, id: string, patch: TenantPatch, options: WriteOptions) {
  const named = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const update = db.query.updateTable('tenants').set(named).where('id', '=', id);
  const changes = Object.keys(named).length > 0;
  const stays = conflictUnless(
    db,
    sql<boolean>`(select status <> 'deleting' from tenants where id = ${id})`,
    'The tenant is being deleted.',
  );
  return writeRepresentation(
    db,
    options,
    [...lockTenant(db, id, options.ifMatch), stays, ...(changes ? [update] : [])],
    oneTenant(db, id),
  );
}
