import * as z from 'zod';
import { putAssignee } from '../../db/queries/tasks/put-assignee.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { assigneeInput } from '../../http/request/task-input.ts';

/* Assigns a member to a task, or gives an assignee another role. Once it is so, nothing changes. */

export default endpoint(
  {
    operationId: 'put-task-assignee',
    method: 'put',
    path: '/api/v1/tasks/:id/assignees/:member_id',
    summary: 'Assign a member to a task',
    description: 'A new owner makes the old one a contributor.',
    access: 'member',
    params: z.strictObject({ id: guid, member_id: guid }),
    body: z.strictObject(assigneeInput),
    example: { role: 'reviewer' },
    ifMatch: true,
    success: { status: 204, description: 'The member is assigned' },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id, member_id } = c.req.valid('param');
    const { role } = c.req.valid('json');
    return putAssignee(c.var.db, id, { member_id, role }, c.var.write);
  },
);
