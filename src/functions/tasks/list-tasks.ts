import { readList } from '../../db/answer.ts';
import { listTasks } from '../../db/queries/list-tasks.ts';
import { entityTags } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listQuery, listRequest } from '../../http/lists.ts';
import { listOf, membersOf, Task } from '../../http/resources.ts';
import { listed } from '../../http/respond.ts';
import { taskFilters, taskSorts } from '../../http/task-input.ts';

/* The tenant's tasks over all projects, newest first. */

export default endpoint(
  {
    name: 'list-tasks',
    tag: 'Tasks',
    method: 'get',
    path: '/api/v1/tasks',
    summary: 'List tasks over all projects',
    access: 'viewer',
    query: listQuery({
      sorts: taskSorts,
      defaultSort: '-created_at',
      fields: membersOf(Task),
      filters: taskFilters,
    }),
    repeatable: ['tag'],
    success: { status: 200, description: 'A page of tasks', schema: listOf(Task) },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { fields, ...query } = c.req.valid('query');
    const { request, filters } = await listRequest(c.var.db, { name: 'tasks' }, query);
    const source = listTasks(c.var.db, filters, request, { fields });
    const answer = await readList(c.var.db, source, { ifNoneMatch: entityTags(c.req.header('If-None-Match')) });
    return listed(c, answer);
  },
);
