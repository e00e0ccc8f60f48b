import { type Expression, type RawBuilder, sql } from 'kysely';

/** The columns of a row that goes to the trash. `trashId` is the project or task that was trashed, which it goes along with. */
export function trashedBy(trashId: string) {
  return {
    deleted_at: sql<string>`now()`,
    deleted_by: sql<string | null>`nullif(current_setting('app.actor'), '')`,
    trash_id: trashId,
  };
}

/** The columns of a row that comes back. */
export const RESTORED = { deleted_at: null, deleted_by: null, trash_id: null };

/** Rows that one batch of the scheduled purge deletes, so that none takes long. */
export const MAX_ROWS_PER_BATCH = 1000;

/** The scheduled purge deletes what was trashed before this. */
export const purgedBefore = sql`now() - interval '30 days'`;

/** Whether a row in the trash is not yet due for the scheduled purge, which may have begun with it otherwise. */
export const isKept = sql<boolean>`deleted_at >= ${purgedBefore}`;

/**
 * The column of a row in the trash whose purge has begun. No resource has this id, so the row is listed in no trash and
 * restored with nothing.
 */
export const PURGE_BEGUN = { trash_id: '00000000-0000-0000-0000-000000000000' };

/**
 * Whether `doomed`, a row of tasks, has no subtasks. A scalar subquery is looked up by its index for each row; of NOT EXISTS
 * PostgreSQL makes a join, for which it read all tasks of the tenant for each one where it took the table for nearly empty.
 */
export function isLeaf(tenantId: Expression<unknown>): RawBuilder<boolean> {
  return sql<boolean>`(
    select child.id from tasks as child
    where child.tenant_id = ${tenantId} and child.project_id = doomed.project_id and child.parent_id = doomed.id
    limit 1) is null`;
}
