import * as z from 'zod';
import { restoreTask } from '../../db/queries/tasks/restore-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { TaskWithProject } from '../../http/response/resources.ts';

/* Takes a task out of the trash, with exactly the subtasks that went along. */

export default endpoint(
  {
    operationId: 'restore-task',
    method: 'post',
    path: '/api/v1/tasks/:id/restore',
    summary: 'Take a task out of the trash',
    description: 'With exactly the subtasks that went along.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 200, description: 'The task', schema: TaskWithProject },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    return restoreTask(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
