import type { Selectable } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import type { Projects } from '../../types.ts';
import { insertTasks, type NewTask } from '../tasks/insert-tasks.ts';
import { projectWithTasks } from './project-with-tasks.ts';

interface NewProject {
  id: string;
  name: string;
  description: string | null;
  status: Selectable<Projects>['status'];
  metadata: Record<string, unknown>;
}

/** Inserts a project with its tasks and tags. Its representation shows all of them. */
export function createProject(db: Database, project: NewProject, tasks: NewTask[], options: WriteOptions) {
  const insertProject = db.query
    .insertInto('projects')
    .values({ ...project, tenant_id: db.tenantId, metadata: JSON.stringify(project.metadata) as never });
  return writeRepresentation(
    db,
    options,
    [insertProject, ...insertTasks(db, project.id, tasks)],
    projectWithTasks(db, project.id, Math.max(tasks.length, 200), options.limitParameter),
  );
}
