import * as z from 'zod';
import { trashTask } from '../../db/queries/tasks/trash-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { expectedVersions } from '../../http/request/preconditions.ts';
import { guid } from '../../http/request/schemas.ts';
import { done } from '../../http/response/responses.ts';

/* Puts a task into the trash, with all below it. It can be restored until it is purged. */

export default endpoint(
  {
    name: 'delete-task',
    tag: 'Tasks',
    method: 'delete',
    path: '/api/v1/tasks/:id',
    summary: 'Put a task into the trash',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'It is in the trash' },
    problems: ['not_found'],
  },
  async (c) => {
    await trashTask(c.var.db, c.req.valid('param').id, expectedVersions(c.req.header('If-Match')));
    return done();
  },
);
