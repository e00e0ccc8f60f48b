import * as z from 'zod';
import { trashTask } from '../../db/queries/tasks/trash-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Puts a task into the trash, with all below it. It can be restored until it is purged. */

export default endpoint(
  {
    operationId: 'delete-task',
    method: 'delete',
    path: '/api/v1/tasks/:id',
    summary: 'Put a task into the trash',
    description: 'With all tasks below it. It can be restored until it is purged.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The task is in the trash' },
    problems: ['not_found'],
  },
  async (c) => {
    return trashTask(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
