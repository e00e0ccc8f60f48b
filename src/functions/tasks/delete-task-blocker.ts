import * as z from 'zod';
import { deleteBlocker } from '../../db/queries/tasks/delete-blocker.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Takes a blocker off a task, also one in the trash. Where it does not block the task, nothing changes. */

export default endpoint(
  {
    operationId: 'delete-task-blocker',
    method: 'delete',
    path: '/api/v1/tasks/:id/blockers/:blocker_id',
    summary: 'Take a blocker off a task',
    description: 'Also one in the trash. Where it does not block the task, nothing changes.',
    access: 'member',
    params: z.strictObject({ id: guid, blocker_id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The task is not blocked by the other one' },
    problems: ['not_found'],
  },
  async (c) => {
    const { id, blocker_id } = c.req.valid('param');
    return deleteBlocker(c.var.db, id, blocker_id, c.var.write);
  },
);
