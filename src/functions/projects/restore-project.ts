import * as z from 'zod';
import { restoreProject } from '../../db/queries/restore-project.ts';
import { expectedVersions } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { ProjectWithTasks } from '../../http/resources.ts';
import { written } from '../../http/respond.ts';
import { guid } from '../../http/schemas.ts';

/* Takes a project out of the trash, with exactly the tasks that went along. */

const TASK_LIMIT = 200;

export default endpoint(
  {
    name: 'restore-project',
    tag: 'Projects',
    method: 'post',
    path: '/api/v1/projects/:id/restore',
    summary: 'Take a project out of the trash',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 200, description: 'The project', schema: ProjectWithTasks },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const expected = expectedVersions(c.req.header('If-Match'));
    const reply = { status: 200, idempotency: c.var.idempotency };
    return written(await restoreProject(c.var.db, c.req.valid('param').id, expected, reply, TASK_LIMIT));
  },
);
