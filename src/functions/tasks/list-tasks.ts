import { listTasks, taskSorts } from '../../db/queries/tasks/list-tasks.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { checkAssigneeRole, taskFilters } from '../../http/request/task-filters.ts';
import { TaskPage } from '../../http/response/pages.ts';
import { membersOf, Task } from '../../http/response/resources.ts';

/* The tenant's tasks over all projects, newest first. */

export default endpoint(
  {
    operationId: 'list-tasks',
    method: 'get',
    path: '/api/v1/tasks',
    summary: 'List tasks over all projects',
    description: 'Newest first.',
    access: 'viewer',
    query: listQuery({
      sorts: taskSorts,
      defaultSort: '-created_at',
      fields: membersOf(Task),
      filters: taskFilters,
    }),
    repeatable: ['tag'],
    success: { status: 200, description: 'A page of tasks', schema: TaskPage },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'tasks', c.req.valid('query'));
    checkAssigneeRole(filters);
    return listTasks(c.var.db, filters, request, c.var.read);
  },
);
