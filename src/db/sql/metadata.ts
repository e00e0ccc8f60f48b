import { type Compilable, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import { METADATA_TOO_LARGE } from '../client/rejections.ts';
import { raiseUnless } from './raise-unless.ts';

type Resource = 'project' | 'task';

/** The new metadata of a row: a merge patch (RFC 7396) applied to the old ones. */
export function mergedMetadata(resource: Resource, patch: Record<string, unknown>) {
  return sql<never>`merge_patch(${sql.ref(`${resource}s.metadata`)}, ${JSON.stringify(patch)}::jsonb)`;
}

/** A statement that rejects with `validation_failed` where they would be too large, which the constraint on the column says, too. */
export function rejectLargeMetadata(
  db: Database,
  resource: Resource,
  id: string,
  patch: Record<string, unknown>,
): Compilable {
  const isSmall = sql<boolean>`(
    select octet_length(${mergedMetadata(resource, patch)}::text) <= 16384 from ${sql.table(`${resource}s`)}
    where tenant_id = ${db.tenantId} and id = ${id})`;
  return raiseUnless(db, isSmall, METADATA_TOO_LARGE);
}
