import type { Database } from '../../client/database.ts';
import {
  orNotFound,
  type ReadOptions,
  type Representation,
  type RepresentationQuery,
  unlessKnown,
} from '../../client/read.ts';
import { jsonObject } from '../../sql/json.ts';
import { callQueryFunction, type QueryFunction } from '../../sql/query-function.ts';
import { projectMembers } from '../../sql/representations.ts';
import { firstTasks, firstTasksMembers } from './first-tasks.ts';

/** What to lower where the tasks of a project would exceed what a response may have. */
const LIMIT_PARAMETER = '?task_limit';

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

type Project = NonNullable<ReturnType<typeof projectWithTasks> extends RepresentationQuery<infer T> ? T : never>;

export const getProjectFunction: QueryFunction<
  { id: 'uuid'; task_limit: 'integer'; if_none_match: 'text[]' },
  Representation<Project>
> = {
  name: 'get_project',
  parameters: { id: 'uuid', task_limit: 'integer', if_none_match: 'text[]' },
  columns: ['etag', 'body'],
  query: (db, { id, task_limit, if_none_match }) =>
    unlessKnown(db, projectWithTasks(db, id, task_limit, LIMIT_PARAMETER), LIMIT_PARAMETER, if_none_match),
};

/** Reads a project with its first tasks. Rejects with `not_found`. */
export async function getProject(db: Database, id: string, taskLimit: number, { ifNoneMatch = [] }: ReadOptions) {
  const values = { id, task_limit: taskLimit, if_none_match: ifNoneMatch };
  return orNotFound('project', await callQueryFunction(db, getProjectFunction, values));
}
