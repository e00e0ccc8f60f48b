import { type SelectQueryBuilder, sql } from 'kysely';

/** Exclusive bounds, RFC 3339. */
export interface TimeFilters {
  created_after?: string | undefined;
  created_before?: string | undefined;
  updated_after?: string | undefined;
  updated_before?: string | undefined;
}

/** Rows created and updated within the bounds that are given. */
export function withinTimes<D, T extends keyof D, O>(
  rows: SelectQueryBuilder<D, T, O>,
  table: 'projects' | 'tasks' | 'comments',
  { created_after, created_before, updated_after, updated_before }: TimeFilters,
): SelectQueryBuilder<D, T, O> {
  let within = rows;
  for (const [bound, column, comparison] of [
    [created_after, 'created_at', sql`>`],
    [created_before, 'created_at', sql`<`],
    [updated_after, 'updated_at', sql`>`],
    [updated_before, 'updated_at', sql`<`],
  ] as const) {
    if (bound === undefined) continue;
    within = within.where(sql<boolean>`${sql.ref(`${table}.${column}`)} ${comparison} ${bound}::timestamptz`);
  }
  return within;
}
