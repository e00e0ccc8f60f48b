import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/**
 * Brings the next batch of `tasks.tags_json` up to date, for all tenants of which tags have changed. Until it is, their
 * tags are joined anew whenever they are read.
 * @param tasks how many it looks at
 * @returns whether nothing is left to do
 */
export async function refreshTagsJson(db: Database, tasks: number): Promise<boolean> {
  const refresh = sql<boolean>`refresh_tags_json(${tasks}::integer)`;
  const [row] = await db.write([db.query.selectNoFrom(refresh.as('is_more'))]);
  return !row?.is_more;
}
