import * as z from 'zod';
import { deleteTagging } from '../../db/queries/tasks/delete-tagging.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Takes a tag off a task. Where it is not on it, nothing changes. */

export default endpoint(
  {
    operationId: 'delete-task-tag',
    method: 'delete',
    path: '/api/v1/tasks/:id/tags/:tag_id',
    summary: 'Take a tag off a task',
    description: 'Where it is not on it, nothing changes.',
    access: 'member',
    params: z.strictObject({ id: guid, tag_id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The tag is not on the task' },
    problems: ['not_found'],
  },
  async (c) => {
    const { id, tag_id } = c.req.valid('param');
    return deleteTagging(c.var.db, id, tag_id, c.var.write);
  },
);
