import * as z from 'zod';
import { restoreProject } from '../../db/queries/projects/restore-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { taskLimit } from '../../http/request/parameters.ts';
import { guid } from '../../http/request/schemas.ts';
import { ProjectWithTasks } from '../../http/response/resources.ts';

/* Takes a project out of the trash, with exactly the tasks that went along. */

export default endpoint(
  {
    operationId: 'restore-project',
    method: 'post',
    path: '/api/v1/projects/:id/restore',
    summary: 'Take a project out of the trash',
    description: 'With exactly the tasks that went along.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    query: z.strictObject({ task_limit: taskLimit }),
    ifMatch: true,
    success: { status: 200, description: 'The project', schema: ProjectWithTasks },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const { task_limit } = c.req.valid('query');
    const options = { ...c.var.write, limitParameter: '?task_limit' };
    return restoreProject(c.var.db, c.req.valid('param').id, task_limit, options);
  },
);
