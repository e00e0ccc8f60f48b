import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../../client/database.ts';
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
      jsonBuildObject({ ...projectMembers(db.tenantId), ...firstTasksMembers(taskLimit) }).as('body'),
    ]);
}
