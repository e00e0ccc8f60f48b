import type { Database } from '../../client/database.ts';
import { fetchRepresentation, type ReadOptions } from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { projectMembers } from '../../sql/representations.ts';
import { firstTasks, firstTasksMembers } from './first-tasks.ts';

/** One project with its first tasks, each with its tags. No row where it is unknown or trashed. */
export function projectWithTasks(db: Database, id: string, taskLimit: number, limitParameter: string | undefined) {
  return db.query
    .selectFrom('projects')
    .innerJoinLateral(firstTasks(db, taskLimit, limitParameter), (join) => join.onTrue())
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.deleted_at', 'is', null)
    .where('projects.id', '=', id)
    .select([
      'projects.version',
      jsonObject({ ...projectMembers(db.tenantId), ...firstTasksMembers(taskLimit) }).as('body'),
    ]);
}

/** Reads a project with its first tasks. Rejects with `not_found`. */
export function getProject(db: Database, id: string, taskLimit: number, options: ReadOptions) {
  return fetchRepresentation(db, 'project', projectWithTasks(db, id, taskLimit, options.limitParameter), options);
}
