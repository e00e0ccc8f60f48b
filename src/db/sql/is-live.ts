import { sql } from 'kysely';
import type { Database } from '../client/database.ts';

/** For lists of what belongs to a project or task: that it is there, and not in the trash. */
export function isLive(db: Database, resource: 'project' | 'task', id: string) {
  const table = sql.table(`${resource}s`);
  return {
    resource,
    isThere: sql<boolean>`exists (
      select from ${table} where tenant_id = ${db.tenantId} and id = ${id} and deleted_at is null)`,
  };
}
