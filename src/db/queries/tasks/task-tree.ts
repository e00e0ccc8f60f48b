import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/** The deepest level at which a task can be; a task without a parent is at level 1. */
export const MAX_LEVEL = 10;

/** The level of a task: 1 without a parent, 2 for its children, and so on. */
export function levelOf(db: Database, taskId: string) {
  return sql<number>`(
    with recursive up as (
      select id, parent_id, 1 as level from tasks where tenant_id = ${db.tenantId} and id = ${taskId}
      union all
      select tasks.id, tasks.parent_id, up.level + 1
      from up join tasks on tasks.tenant_id = ${db.tenantId} and tasks.id = up.parent_id
    )
    select max(level) from up)`;
}

/**
 * The common table expression `tree`, for use after `with recursive`: a task and all tasks below it, those in the trash
 * too, each with `project_id`, `position`, `deleted_at` and its `depth` below the task, which has depth 0.
 */
export function treeOf(db: Database, taskId: string) {
  return sql`tree as (
    select id, project_id, position, deleted_at, 0 as depth
    from tasks where tenant_id = ${db.tenantId} and id = ${taskId}
    union all
    select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
    from tree cross join lateral (
      select id, project_id, position, deleted_at from tasks
      where tenant_id = ${db.tenantId} and project_id = tree.project_id and parent_id = tree.id
      offset 0) as tasks
  )`;
}
