import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { notFound } from '../../client/rejections.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import { insertTasks, type NewTask } from './insert-tasks.ts';
import { oneTask } from './one-task.ts';
import { levelOf, MAX_LEVEL } from './task-tree.ts';

/**
 * Inserts one task into a project. A lock on the project keeps it from being trashed, and its tasks from being moved,
 * until the batch ends. Rejects with `not_found` where there is no such project, and with `unprocessable` where the parent
 * is not in the project or is too deep.
 */
export function createTask(db: Database, projectId: string, task: NewTask, options: WriteOptions) {
  const lockProject = raiseUnless(
    db,
    sql<boolean>`(
      select true from projects
      where tenant_id = ${db.tenantId} and id = ${projectId} and deleted_at is null
      for share)`,
    notFound('project'),
  );
  const parent = task.parent_id;
  return writeRepresentation(
    db,
    options,
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
    raiseUnless(
      db,
      sql<boolean>`(
        select true from tasks
        where tenant_id = ${db.tenantId} and project_id = ${projectId} and id = ${parentId} and deleted_at is null)`,
      atFault('unknown', 'is no task of this project'),
    ),
    raiseUnless(
      db,
      sql<boolean>`${levelOf(db, parentId)} < ${MAX_LEVEL}`,
      atFault('too_deep', `lies at level ${MAX_LEVEL} already`),
    ),
  ];
}
