import * as z from 'zod';
import { getTask } from '../../db/queries/tasks/one-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { TaskDetail } from '../../http/response/resources.ts';

/* One task with its project and tags, with `include=subtasks` also with all tasks below it. */

export default endpoint(
  {
    operationId: 'get-task',
    method: 'get',
    path: '/api/v1/tasks/:id',
    summary: 'Get a task',
    description: 'With its project, its tags and its dependencies. `include=subtasks` nests all tasks below it.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: z.strictObject({
      include: z
        .literal('subtasks')
        .optional()
        .meta({ description: 'Nests the whole tree below it, at most 1 000 tasks.', examples: ['subtasks'] }),
    }),
    success: { status: 200, description: 'The task', schema: TaskDetail },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { include } = c.req.valid('query');
    return getTask(c.var.db, id, include, { ...c.var.read, limitParameter: include && '?include' });
  },
);
