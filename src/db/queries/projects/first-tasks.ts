import { expressionBuilder, type RawBuilder, sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
import { cursorContext, keysetPage } from '../../sql/keyset.ts';
import { taskMembers } from '../../sql/representations.ts';
import type { DB } from '../../types.ts';
import { PROJECT_TASKS } from '../tasks/project-tasks.ts';

/**
 * For a lateral join on projects: the first `limit` tasks of each project in the order of `position`, and the cursor with
 * which `GET /projects/{id}/tasks` continues.
 * @param limitParameter the parameter to lower where the tasks of one project would exceed what a response may have
 */
export function firstTasks(db: Database, limit: number, limitParameter: string | undefined) {
  const members = taskMembers(db.tenantId);
  const rows = expressionBuilder<DB, 'projects'>()
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .whereRef('tasks.project_id', '=', 'projects.id')
    .where('tasks.deleted_at', 'is', null);
  // The context of the cursor holds the id of the project, which only the outer row knows.
  const [head = '', tail = ''] = cursorContext(db.tenantId, PROJECT_TASKS, { owner: '?', sort: 'position' }).split('?');
  return keysetPage(db.query, {
    rows,
    table: 'tasks',
    item: jsonBuildObject(members),
    keys: [{ expression: members.position, type: 'float8' }],
    id: members.id,
    limit,
    limitParameter,
    context: sql<string>`concat(${head}::text, projects.id, ${tail}::text)`,
  }).as('first');
}

type First = ReturnType<typeof keysetPage<TaskJson>> extends RawBuilder<infer T> ? T : never;
type TaskJson =
  ReturnType<typeof jsonBuildObject<ReturnType<typeof taskMembers>>> extends RawBuilder<infer T> ? T : never;

/** The members `tasks` and `tasks_page`; needs {@link firstTasks} joined. */
export function firstTasksMembers(limit: number) {
  return {
    tasks: sql<First['data']>`first.data`,
    tasks_page: sql<{ limit: number; has_more: boolean; next_cursor: string | null }>`json_build_object(
      'limit', ${limit}::integer, 'has_more', first.has_more, 'next_cursor', first.next_cursor)`,
  };
}
