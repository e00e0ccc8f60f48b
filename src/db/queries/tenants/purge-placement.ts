import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/* What is left over of placing tenants in one of several databases. The janitor's role sees no tenants but these. */

/** The tenants that were begun to be created in this database more than an hour ago, and have come to nothing. */
export async function abandonedTenants(db: Database): Promise<string[]> {
  const rows = await db.query
    .selectFrom('tenants')
    .select('id')
    .where('placement', '=', 'pending')
    .where('created_at', '<', sql<Date>`now() - interval '1 hour'`)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Removes one of them. */
export async function removeAbandoned(db: Database, id: string): Promise<void> {
  await db.write([db.query.deleteFrom('tenants').where('id', '=', id).where('placement', '=', 'pending')]);
}

/** Removes what says, in a database that a tenant has left, where the tenant has moved to. */
export async function removeAddress(db: Database, id: string): Promise<void> {
  await db.write([db.query.deleteFrom('tenants').where('id', '=', id).where('placement', '=', 'moved')]);
}
