import * as z from 'zod';
import { readList } from '../../db/answer.ts';
import { listTasks } from '../../db/queries/list-tasks.ts';
import { entityTags } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listQuery, listRequest } from '../../http/lists.ts';
import { listOf, membersOf, Task } from '../../http/resources.ts';
import { listed } from '../../http/respond.ts';
import { guid } from '../../http/schemas.ts';
import { taskFilters, taskSorts } from '../../http/task-input.ts';

/* The tasks of one project in their order; `tasks_page.next_cursor` of the project continues here. */

export default endpoint(
  {
    name: 'list-project-tasks',
    tag: 'Tasks',
    method: 'get',
    path: '/api/v1/projects/:id/tasks',
    summary: 'List a project’s tasks',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: listQuery({
      sorts: taskSorts,
      defaultSort: 'position',
      fields: membersOf(Task),
      filters: taskFilters,
    }),
    repeatable: ['tag'],
    success: { status: 200, description: 'A page of tasks', schema: listOf(Task) },
    problems: ['not_found', 'invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { fields, ...query } = c.req.valid('query');
    const { id: owner } = c.req.valid('param');
    const { request, filters } = await listRequest(c.var.db, { name: 'project-tasks', owner }, query);
    const source = listTasks(c.var.db, filters, request, { owner, fields });
    const answer = await readList(c.var.db, source, { ifNoneMatch: entityTags(c.req.header('If-None-Match')) });
    return listed(c, answer, 'project');
  },
);
