import { type Selectable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { itemsWithinLimit } from '../../client/response-limit.ts';
import { array, jsonItems, jsonObject, plain, text } from '../../sql/json.ts';
import type { Tasks } from '../../types.ts';

/** What a task shows of another one. */
const otherTask = {
  id: plain(sql.ref<string>('other.id')),
  project_id: plain(sql.ref<string>('other.project_id')),
  title: text(sql.ref<string>('other.title')),
  status: plain(sql.ref<Selectable<Tasks>['status']>('other.status')),
};

/**
 * The members `blocked_by` and `blocks` of the row of `tasks` around them: the tasks that block it, and those that it blocks,
 * by title, without those in the trash. Reject with `unprocessable` where they exceed what a response may have.
 */
export function dependenciesOfTask(db: Database) {
  return { blocked_by: array(others(db, 'blocker_id', 'task_id')), blocks: array(others(db, 'task_id', 'blocker_id')) };
}

function others(db: Database, other: 'task_id' | 'blocker_id', own: 'task_id' | 'blocker_id') {
  // Sorted first, by itself: otherwise the JSON of all would be built before the first counts towards the limit.
  const sorted = sql<Selectable<Tasks>>`(
    select other.id, other.project_id, other.title, other.status
    from dependencies join tasks as other on other.id = ${sql.ref(`dependencies.${other}`)}
    where dependencies.tenant_id = ${db.tenantId} and other.tenant_id = ${db.tenantId}
      and ${sql.ref(`dependencies.${own}`)} = tasks.id and other.deleted_at is null
    order by other.title, other.id
    offset 0)`;
  const items = db.query.selectFrom(sorted.as('other')).select(jsonObject(otherTask).as('item'));
  return jsonItems(itemsWithinLimit(items, undefined));
}
