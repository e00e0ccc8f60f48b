import * as z from 'zod';
import { restoreTask } from '../../db/queries/restore-task.ts';
import { expectedVersions } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { TaskWithProject } from '../../http/resources.ts';
import { written } from '../../http/respond.ts';
import { guid } from '../../http/schemas.ts';

/* Takes a task out of the trash, with exactly the subtasks that went along. */

export default endpoint(
  {
    name: 'restore-task',
    tag: 'Tasks',
    method: 'post',
    path: '/api/v1/tasks/:id/restore',
    summary: 'Take a task out of the trash',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 200, description: 'The task', schema: TaskWithProject },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const expected = expectedVersions(c.req.header('If-Match'));
    const reply = { status: 200, idempotency: c.var.idempotency };
    return written(await restoreTask(c.var.db, c.req.valid('param').id, expected, reply));
  },
);
