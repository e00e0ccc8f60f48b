import * as z from 'zod';
import { deleteAssignee } from '../../db/queries/tasks/put-assignee.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Takes a member off a task. Where the member is not on it, nothing changes. */

export default endpoint(
  {
    operationId: 'delete-task-assignee',
    method: 'delete',
    path: '/api/v1/tasks/:id/assignees/:member_id',
    summary: 'Take a member off a task',
    description: 'Where the member is not on it, nothing changes.',
    access: 'member',
    params: z.strictObject({ id: guid, member_id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The member is not assigned' },
    problems: ['not_found'],
  },
  async (c) => {
    const { id, member_id } = c.req.valid('param');
    return deleteAssignee(c.var.db, id, member_id, c.var.write);
  },
);
