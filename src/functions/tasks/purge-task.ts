import * as z from 'zod';
import { purgeTask } from '../../db/queries/tasks/purge-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Deletes a trashed task for good, also its values in the audit log and in stored responses. */

export default endpoint(
  {
    operationId: 'purge-task',
    method: 'post',
    path: '/api/v1/tasks/:id/purge',
    summary: 'Delete a trashed task for good',
    description: 'Also its values in the audit log and in stored answers.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The task is deleted for good' },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    return purgeTask(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
