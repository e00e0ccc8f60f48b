import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { MAX_ROWS_PER_BATCH } from '../../sql/trash.ts';

/**
 * Brings the next batch of `tasks.tags_json` up to date, for all tenants of which tags have changed. Until it is, their
 * tags are joined anew whenever they are read.
 * @returns whether nothing is left to do
 */
export async function refreshTagsJson(db: Database): Promise<boolean> {
  const refresh = sql<boolean>`refresh_tags_json(${MAX_ROWS_PER_BATCH}::integer)`;
  const [row] = await db.write([db.query.selectNoFrom(refresh.as('is_more'))]);
  return !row?.is_more;
}
