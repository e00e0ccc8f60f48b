import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { tenantMembers } from '../../sql/representations.ts';

/** One tenant: any for the platform, its own for a tenant. */
export function oneTenant(db: Database, id: string) {
  return db.query
    .selectFrom('tenants')
    .where('tenants.id', '=', id)
    .select([sql<null>`null::integer`.as('version'), jsonObject(tenantMembers).as('body')]);
}

/** Reads one tenant. Rejects with `not_found`. */
export function getTenant(db: Database, id: string, options: ReadOptions) {
  return fetchRepresentation(db, 'tenant', oneTenant(db, id), options);
}
