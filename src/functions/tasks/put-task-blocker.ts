import * as z from 'zod';
import { putBlocker } from '../../db/queries/tasks/put-blocker.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/*
 * Says that another task, of any project, must end before this one can go on. Once it is said, nothing changes. Tasks that
 * block each other in a circle are refused, however long it is.
 */

export default endpoint(
  {
    operationId: 'put-task-blocker',
    method: 'put',
    path: '/api/v1/tasks/:id/blockers/:blocker_id',
    summary: 'Block a task by another',
    description:
      'The other task, of any project, must end before this one can go on. Tasks that would block each other in a circle are `409`.',
    access: 'member',
    params: z.strictObject({ id: guid, blocker_id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The task is blocked by the other one, until that has ended' },
    problems: ['not_found', 'cycle', 'unprocessable'],
  },
  async (c) => {
    const { id, blocker_id } = c.req.valid('param');
    return putBlocker(c.var.db, id, blocker_id, c.var.write);
  },
);
