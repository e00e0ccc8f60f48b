import * as z from 'zod';
import { getProject } from '../../db/queries/projects/project-with-tasks.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { taskLimit } from '../../http/request/parameters.ts';
import { guid } from '../../http/request/schemas.ts';
import { ProjectWithTasks } from '../../http/response/resources.ts';

/* One project with its tasks, each with its tags: one query, one round trip. */

export default endpoint(
  {
    operationId: 'get-project',
    method: 'get',
    path: '/api/v1/projects/:id',
    summary: 'Get a project with its tasks',
    description:
      'Tasks stand in `position` order, subtasks among them with their `parent_id`. `tasks_page.next_cursor` continues at `GET /projects/{id}/tasks`.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: z.strictObject({ task_limit: taskLimit }),
    success: { status: 200, description: 'The project', schema: ProjectWithTasks },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { task_limit } = c.req.valid('query');
    return getProject(c.var.db, id, task_limit, c.var.read);
  },
);
