import * as z from 'zod';
import { restoreProject } from '../../db/queries/projects/restore-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { expectedVersions } from '../../http/request/preconditions.ts';
import { guid, queryInteger } from '../../http/request/schemas.ts';
import { ProjectWithTasks } from '../../http/response/resources.ts';
import { written } from '../../http/response/responses.ts';

/* Takes a project out of the trash, with exactly the tasks that went along. */

export default endpoint(
  {
    name: 'restore-project',
    tag: 'Projects',
    method: 'post',
    path: '/api/v1/projects/:id/restore',
    summary: 'Take a project out of the trash',
    access: 'member',
    params: z.strictObject({ id: guid }),
    query: z.strictObject({ task_limit: queryInteger({ min: 0, max: 1000, default: 200 }) }),
    ifMatch: true,
    success: { status: 200, description: 'The project', schema: ProjectWithTasks },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const expected = expectedVersions(c.req.header('If-Match'));
    const reply = { status: 200, lower: '?task_limit', idempotency: c.var.idempotency };
    const { task_limit } = c.req.valid('query');
    return written(await restoreProject(c.var.db, c.req.valid('param').id, expected, reply, task_limit));
  },
);
