import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions, type RepresentationQuery } from '../../client/read.ts';
import { itemsWithinLimit } from '../../client/response-limit.ts';
import { array, type JsonItems, jsonItems, jsonObject, nested, plain, text } from '../../sql/json.ts';
import { type TaskJson, taskJson } from '../../sql/representations.ts';
import { dependenciesOfTask } from './dependencies-of-task.ts';
import { MAX_LEVEL, treeOf } from './task-tree.ts';

/** How many subtasks one response nests. */
const MAX_SUBTASKS = 1000;

/** What a task shows of another one that it blocks, or is blocked by. */
type Dependency = Pick<TaskJson, 'id' | 'project_id' | 'title' | 'status'>;
type TaskDetail = TaskJson & {
  project: { id: string; name: string };
  blocked_by: Dependency[];
  blocks: Dependency[];
};
type TaskTree = TaskJson & { subtasks: TaskTree[] };

/** One task outside the trash, with its project. No row where it is unknown or trashed. */
export function oneTask(db: Database, id: string) {
  return liveTask(db, id).select(['tasks.version', taskJson(db.tenantId, project(db)).as('body')]);
}

/** The same with the tasks that block it, and those that it blocks. */
function oneTaskWithDependencies(db: Database, id: string) {
  const more = { ...project(db), ...dependenciesOfTask(db) };
  return liveTask(db, id).select(['tasks.version', taskJson(db.tenantId, more).as('body')]);
}

/**
 * The same with all tasks below it, nested. Rejects with `unprocessable` where they
 * are too many, or too large together.
 * @param limitParameter the parameter that the rejection names
 */
function oneTaskWithSubtasks(db: Database, id: string, limitParameter: string) {
  const tooMany = {
    code: 'unprocessable',
    detail: `There are more than ${MAX_SUBTASKS} subtasks: leave out include=subtasks.`,
    errors: [{ pointer: limitParameter, code: 'answer_too_large', message: `nests at most ${MAX_SUBTASKS} subtasks` }],
  };
  const count = sql`(
    with recursive ${treeOf(db, id)}
    select count(*) - 1 from (select from tree where deleted_at is null limit ${MAX_SUBTASKS + 2}) as live)`;
  return liveTask(db, id)
    .innerJoinLateral(outer(1), (join) => join.onTrue())
    .select([
      'tasks.version',
      sql`raise_unless(${count} <= ${MAX_SUBTASKS}::integer, ${JSON.stringify(tooMany)}::json)`.as('small_enough'),
      taskJson(db.tenantId, {
        ...project(db),
        ...dependenciesOfTask(db),
        subtasks: array(subtasks(db, 2, limitParameter)),
      }).as('body'),
    ]);
}

/** Reads one task with its dependencies, and with all tasks below it where they are to be included. Rejects with `not_found`. */
export function getTask(db: Database, id: string, include: 'subtasks' | undefined, options: ReadOptions) {
  const query: RepresentationQuery<TaskDetail & { subtasks?: TaskTree[] }> = include
    ? oneTaskWithSubtasks(db, id, options.limitParameter ?? '?include')
    : oneTaskWithDependencies(db, id);
  return fetchRepresentation(db, 'task', query, options);
}

function liveTask(db: Database, id: string) {
  return db.query
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null);
}

/** The member `project` of a task. */
function project(db: Database) {
  const members = { id: plain(sql.ref<string>('projects.id')), name: text(sql.ref<string>('projects.name')) };
  const shown = sql<ReturnType<typeof jsonObject<typeof members>> extends RawBuilder<infer T> ? T : never>`(
    select ${jsonObject(members)} from projects
    where projects.tenant_id = ${db.tenantId} and projects.id = tasks.project_id)`;
  return { project: { ...nested(shown), isLarge: false } };
}

/** The task of one level under a name of its own, because the query of the next level has another `tasks`. */
function outer(level: number) {
  return sql<{ id: string; project_id: string }>`(select tasks.id, tasks.project_id)`.as(`level_${level}`);
}

/** The children of the task of the level above, each with its own children: one correlated subquery for each level. */
function subtasks(db: Database, level: number, limitParameter: string): RawBuilder<JsonItems<TaskTree>> {
  if (level > MAX_LEVEL) return sql`null::text`;
  const above = `level_${level - 1}`;
  const item = taskJson(db.tenantId, { subtasks: array(subtasks(db, level + 1, limitParameter)) });
  // Sorted first, by itself: otherwise the JSON of all would be built before the first counts towards the limit.
  const children = db.query
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .where(sql<boolean>`tasks.project_id = ${sql.id(above, 'project_id')}`)
    .where(sql<boolean>`tasks.parent_id = ${sql.id(above, 'id')}`)
    .where('tasks.deleted_at', 'is', null)
    .selectAll('tasks')
    .orderBy('tasks.position')
    .orderBy('tasks.id')
    .offset(sql<number>`0`);
  const items = db.query
    .selectFrom(children.as('tasks'))
    .innerJoinLateral(outer(level), (join) => join.onTrue())
    .select(item.as('item'));
  return jsonItems(itemsWithinLimit(items, limitParameter));
}
