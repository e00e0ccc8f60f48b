import { expressionBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { itemsWithinLimit } from '../../client/response-limit.ts';
import { array, bare, type JsonItems, jsonItems, jsonObject, nested, plain } from '../../sql/json.ts';
import { cursorContext } from '../../sql/keyset.ts';
import { liveTaskCount, type TaskJson, taskJson } from '../../sql/representations.ts';
import type { DB } from '../../types.ts';
import { PROJECT_TASKS } from '../tasks/project-tasks.ts';

/**
 * For a lateral join on projects: the first `limit` tasks of each project in the order of `position`, how many it has, and
 * the cursor with which `GET /projects/{id}/tasks` continues.
 * @param limitParameter the parameter to lower where the tasks of one project would exceed what a response may have
 */
export function firstTasks(db: Database, limit: number, limitParameter: string | undefined) {
  const ordered = expressionBuilder<DB, 'projects'>()
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .whereRef('tasks.project_id', '=', 'projects.id')
    .where('tasks.deleted_at', 'is', null)
    .orderBy('tasks.position')
    .orderBy('tasks.id');
  const items = ordered.select(taskJson(db.tenantId, {}).as('item')).limit(limit);
  // The last task that is shown, after which the next page starts.
  const last = ordered.select(['tasks.position', 'tasks.id']).offset(sql<number>`${limit}::integer - 1`).limit(1);
  const end = sql`select json_build_array(position::text, id::text) from (${last}) as last`;
  // The context of the cursor holds the id of the project, which only the outer row knows.
  const [, list, rest] = cursorContext('?', PROJECT_TASKS, { owner: '?', sort: 'position' }).split('?');
  return sql<FirstTasks>`(
    select ${jsonItems(itemsWithinLimit(items, limitParameter))} as items, counted.task_count,
      case when counted.task_count > ${limit}::integer
        then make_cursor(
          concat(${db.tenantId}::uuid, ${list}::text, projects.id, ${rest}::text),
          case when ${limit}::integer = 0 then '[]'::json else (${end}) end)
      end as next_cursor
    from (${liveTaskCount(db.tenantId)}) as counted
  )`.as('first');
}

interface FirstTasks {
  items: JsonItems<TaskJson> | null;
  task_count: number;
  next_cursor: string | null;
}

/** The members `tasks` and `tasks_page`, and what is known of `task_count`; needs {@link firstTasks} joined. */
export function firstTasksMembers(limit: number) {
  return {
    task_count: bare(sql<number>`first.task_count`),
    tasks: array(sql<JsonItems<TaskJson>>`first.items`),
    tasks_page: nested(
      jsonObject({
        limit: bare(sql<number>`${limit}::integer`),
        has_more: bare(sql<boolean>`first.task_count > ${limit}::integer`),
        // It holds nothing that JSON escapes.
        next_cursor: plain(sql<string | null>`first.next_cursor`),
      }),
    ),
  };
}
