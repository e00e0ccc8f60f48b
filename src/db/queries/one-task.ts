import { type RawBuilder, sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../client.ts';
import { taskMembers } from '../representations.ts';
import { MAX_LEVEL, treeOf } from './task-tree.ts';

/** Subtasks that one answer nests. */
const MAX_SUBTASKS = 1000;

type TaskJson = ReturnType<typeof jsonBuildObject<typeof taskMembers>> extends RawBuilder<infer T> ? T : never;
export type TaskTree = TaskJson & { subtasks: TaskTree[] };

const project = jsonBuildObject({
  id: sql<string>`projects.id`,
  name: sql<string>`projects.name`,
});

/** One task outside the trash, with its project. No row where it is unknown or trashed. */
export function oneTask(db: Database, id: string) {
  return liveTask(db, id).select(['tasks.version', jsonBuildObject({ ...taskMembers, project }).as('body')]);
}

/** The same with all tasks below it, nested. Problems: `unprocessable` where there are too many. */
export function oneTaskWithSubtasks(db: Database, id: string) {
  const tooMany = {
    code: 'unprocessable',
    detail: `There are more than ${MAX_SUBTASKS} subtasks: leave out include=subtasks.`,
    errors: [{ pointer: '?include', code: 'answer_too_large', message: `nests at most ${MAX_SUBTASKS} subtasks` }],
  };
  const count = sql`(
    with recursive ${treeOf(db, id)}
    select count(*) - 1 from tree
    join tasks as live on live.tenant_id = ${db.tenantId} and live.id = tree.id and live.deleted_at is null)`;
  return liveTask(db, id)
    .innerJoinLateral(outer(1), (join) => join.onTrue())
    .select([
      'tasks.version',
      sql`must(${count} <= ${MAX_SUBTASKS}::integer, ${JSON.stringify(tooMany)}::json)`.as('small_enough'),
      jsonBuildObject({ ...taskMembers, project, subtasks: subtasks(db, 2) }).as('body'),
    ]);
}

function liveTask(db: Database, id: string) {
  return db.query
    .selectFrom('tasks')
    .innerJoin('projects', (join) =>
      join.onRef('projects.tenant_id', '=', 'tasks.tenant_id').onRef('projects.id', '=', 'tasks.project_id'),
    )
    .where('tasks.tenant_id', '=', db.tenantId)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null);
}

/** The task of one level under a name of its own, since the next level has `tasks` for itself. */
function outer(level: number) {
  return sql<{ id: string; project_id: string }>`(select tasks.id, tasks.project_id)`.as(`level_${level}`);
}

/** The tasks right below that of the level above, each with its own below it: one correlated query a level. */
function subtasks(db: Database, level: number): RawBuilder<TaskTree[]> {
  if (level > MAX_LEVEL) return sql<TaskTree[]>`'[]'::json`;
  const above = `level_${level - 1}`;
  const item = jsonBuildObject({ ...taskMembers, subtasks: subtasks(db, level + 1) });
  return sql<TaskTree[]>`(
    select coalesce(json_agg(item order by position, id), '[]')
    from (
      select tasks.position, tasks.id, ${item} as item
      from tasks cross join lateral (select tasks.id, tasks.project_id) as ${sql.id(`level_${level}`)}
      where tasks.tenant_id = ${db.tenantId} and tasks.project_id = ${sql.id(above, 'project_id')}
        and tasks.parent_id = ${sql.id(above, 'id')} and tasks.deleted_at is null
    ) as children)`;
}
