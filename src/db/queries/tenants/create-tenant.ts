import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { oneTenant } from './one-tenant.ts';

/** Inserts one tenant, active. */
export function createTenant(db: Database, tenant: { id: string; name: string }, options: WriteOptions) {
  return writeRepresentation(db, options, [db.query.insertInto('tenants').values(tenant)], oneTenant(db, tenant.id));
}
