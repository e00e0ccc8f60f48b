import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { isLive } from '../../sql/is-live.ts';
import type { ListRequest } from '../../sql/list.ts';
import { fetchActivity } from './activity-page.ts';
import type { ActivityType } from './activity-rows.ts';

/** What has happened to a task, with its comments. Rejects with `not_found` where there is no such task, or it is in the trash. */
export function listTaskActivity(
  db: Database,
  id: string,
  { type }: { type?: ActivityType | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  const owners = sql`select ${id}::uuid as id, true as has_comments`;
  return fetchActivity(db, { onlyIf: isLive(db, 'task', id), owners, type }, request, options);
}
