import * as z from 'zod';
import { listTasks, taskSorts } from '../../db/queries/tasks/list-tasks.ts';
import { PROJECT_TASKS } from '../../db/queries/tasks/project-tasks.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { guid } from '../../http/request/schemas.ts';
import { checkAssigneeRole, taskFilters } from '../../http/request/task-filters.ts';
import { TaskPage } from '../../http/response/pages.ts';
import { membersOf, Task } from '../../http/response/resources.ts';

/* The tasks of one project in their order; `tasks_page.next_cursor` of the project continues here. */

export default endpoint(
  {
    operationId: 'list-project-tasks',
    method: 'get',
    path: '/api/v1/projects/:id/tasks',
    summary: 'List a project’s tasks',
    description:
      'By position, subtasks among them with their `parent_id`. `tasks_page.next_cursor` of the project goes on here.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: listQuery({
      sorts: taskSorts,
      defaultSort: 'position',
      fields: membersOf(Task),
      filters: taskFilters,
    }),
    repeatable: ['tag'],
    success: { status: 200, description: 'A page of tasks', schema: TaskPage },
    problems: ['not_found', 'invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { request, filters } = await listRequest(c.var.db, PROJECT_TASKS, c.req.valid('query'), id);
    checkAssigneeRole(filters);
    return listTasks(c.var.db, filters, request, c.var.read);
  },
);
