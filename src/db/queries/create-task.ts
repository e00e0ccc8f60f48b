import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { type Reply, writeAnswer } from '../answer.ts';
import type { Database } from '../client.ts';
import { must } from '../must.ts';
import { taskMembers } from '../representations.ts';
import { insertTasks, type NewTask } from './insert-tasks.ts';

/** Tasks of one tree lie at most this many levels deep; a task without parent is at level 1. */
const MAX_LEVEL = 10;

/**
 * Inserts one task into a project. The project is locked against being trashed meanwhile, and so is its tree
 * against being moved.
 * Problems: `not_found` (the project), `unprocessable` (the parent: unknown in this project, or too deep).
 */
export function createTask(db: Database, projectId: string, task: NewTask, reply: Reply) {
  const lockProject = must(
    db,
    sql<boolean>`(
      select true from projects
      where tenant_id = ${db.tenantId} and id = ${projectId} and deleted_at is null
      for share)`,
    { code: 'not_found', detail: 'There is no such project.' },
  );
  const parent = task.parent_id;
  return writeAnswer(
    db,
    reply,
    [lockProject, ...(parent ? parentRules(db, projectId, parent) : []), ...insertTasks(db, projectId, [task])],
    oneTask(db, task.id),
  );
}

function parentRules(db: Database, projectId: string, parentId: string) {
  const atFault = (code: string, message: string) => ({
    code: 'unprocessable' as const,
    detail: `/parent_id: ${message}`,
    errors: [{ pointer: '/parent_id', code, message }],
  });
  return [
    must(
      db,
      sql<boolean>`(
        select true from tasks
        where tenant_id = ${db.tenantId} and project_id = ${projectId} and id = ${parentId} and deleted_at is null)`,
      atFault('unknown', 'is no task of this project'),
    ),
    must(
      db,
      sql<boolean>`${level(db, parentId)} < ${MAX_LEVEL}`,
      atFault('too_deep', `lies at level ${MAX_LEVEL} already`),
    ),
  ];
}

/** At which level of its tree a task lies. */
function level(db: Database, taskId: string) {
  return sql<number>`(
    with recursive up as (
      select id, parent_id, 1 as level from tasks where tenant_id = ${db.tenantId} and id = ${taskId}
      union all
      select tasks.id, tasks.parent_id, up.level + 1
      from up join tasks on tasks.tenant_id = ${db.tenantId} and tasks.id = up.parent_id
    )
    select max(level) from up)`;
}

/** One task outside the trash, as lists show it. */
export function oneTask(db: Database, id: string) {
  return db.query
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .where('tasks.id', '=', id)
    .where('tasks.deleted_at', 'is', null)
    .select(['tasks.version', jsonBuildObject(taskMembers).as('body')]);
}
