import { sql } from 'kysely';

/** The new metadata of a row: a merge patch (RFC 7396) applied to the old ones. */
export function mergedMetadata(table: 'projects' | 'tasks', patch: Record<string, unknown>) {
  return sql<never>`merge_patch(${sql.ref(`${table}.metadata`)}, ${JSON.stringify(patch)}::jsonb)`;
}
