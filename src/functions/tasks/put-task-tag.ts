import * as z from 'zod';
import { putTagging } from '../../db/queries/tasks/put-tagging.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Puts a tag on a task. Once it is there, nothing changes. */

export default endpoint(
  {
    operationId: 'put-task-tag',
    method: 'put',
    path: '/api/v1/tasks/:id/tags/:tag_id',
    summary: 'Put a tag on a task',
    description: 'Once it is there, nothing changes.',
    access: 'member',
    params: z.strictObject({ id: guid, tag_id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The tag is on the task' },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const { id, tag_id } = c.req.valid('param');
    return putTagging(c.var.db, id, tag_id, c.var.write);
  },
);
