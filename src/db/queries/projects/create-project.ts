import type { Database } from '../../client/database.ts';
import { type Reply, writeAnswer } from '../../client/representation.ts';
import { insertTasks, type NewTask } from '../tasks/insert-tasks.ts';
import { projectWithTasks } from './project-with-tasks.ts';

export interface NewProject {
  id: string;
  name: string;
  description: string | null;
  status: 'active' | 'archived';
  metadata: Record<string, unknown>;
}

/** Inserts a project with its tasks and tags, and answers with all of it. */
export function createProject(db: Database, project: NewProject, tasks: NewTask[], reply: Reply) {
  const insertProject = db.query
    .insertInto('projects')
    .values({ ...project, tenant_id: db.tenantId, metadata: JSON.stringify(project.metadata) as never });
  return writeAnswer(
    db,
    reply,
    [insertProject, ...insertTasks(db, project.id, tasks)],
    projectWithTasks(db, project.id, Math.max(tasks.length, 200), reply.lower),
  );
}
