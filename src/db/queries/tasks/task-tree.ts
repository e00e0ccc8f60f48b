import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';

/** Tasks of one tree lie at most this many levels deep; a task without parent is at level 1. */
export const MAX_LEVEL = 10;

/** At which level of its tree a task lies. */
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
 * The common table expression `tree`: a task and all below it, trashed members too, each with `project_id`, `position`,
 * `deleted_at` and its `depth` (0 for the task itself). To stand behind `with recursive`.
 */
export function treeOf(db: Database, taskId: string) {
  return sql`tree as (
    select id, project_id, position, deleted_at, 0 as depth
    from tasks where tenant_id = ${db.tenantId} and id = ${taskId}
    union all
    select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
    from tree join tasks on tasks.tenant_id = ${db.tenantId} and tasks.project_id = tree.project_id
      and tasks.parent_id = tree.id
  )`;
}
