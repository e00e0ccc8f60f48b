import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { isLive } from '../../sql/is-live.ts';
import type { ListRequest } from '../../sql/list.ts';
import { fetchActivity } from './activity-page.ts';
import type { ActivityType } from './activity-rows.ts';

/**
 * What has happened to a project and to its tasks, those in the trash too, with the comments of those that are not. Rejects
 * with `not_found` where there is no such project, or it is in the trash.
 */
export function listProjectActivity(
  db: Database,
  id: string,
  { type }: { type?: ActivityType | undefined },
  request: ListRequest,
  options: ReadOptions,
) {
  const owners = sql`
    select ${id}::uuid as id, false as has_comments
    union all
    select tasks.id, tasks.deleted_at is null from tasks
    where tasks.tenant_id = ${db.tenantId} and tasks.project_id = ${id}`;
  return fetchActivity(db, { onlyIf: isLive(db, 'project', id), owners, type }, request, options);
}
