import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { oneTenant } from './one-tenant.ts';

/** Inserts one tenant, active. */
export function createTenant(db: Database, tenant: { id: string; name: string }, reply: Reply) {
  return writeAnswer(db, reply, [db.query.insertInto('tenants').values(tenant)], oneTenant(db, tenant.id));
}
