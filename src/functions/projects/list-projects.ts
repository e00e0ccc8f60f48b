import * as z from 'zod';
import { fetchList } from '../../db/client/read.ts';
import { listProjects } from '../../db/queries/projects/list-projects.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest, timeFilters } from '../../http/request/list-query.ts';
import {
  jsonObjectParam,
  name255,
  projectStatus,
  queryInteger,
  searchText,
  tagName,
} from '../../http/request/schemas.ts';
import { listOf, membersOf, ProjectWithTasks } from '../../http/response/resources.ts';
import { validationFailed } from '../../problem.ts';

/* The tenant's projects, with `include=tasks` each with its first tasks: still one query and one round trip. */

export default endpoint(
  {
    operationId: 'list-projects',
    method: 'get',
    path: '/api/v1/projects',
    summary: 'List projects',
    access: 'viewer',
    query: listQuery({
      sorts: ['created_at', 'updated_at', 'name', 'task_count'],
      defaultSort: '-created_at',
      fields: membersOf(ProjectWithTasks),
      filters: {
        include: z.literal('tasks').optional().meta({ description: 'Nests the first tasks of each project.' }),
        task_limit: queryInteger({ min: 0, max: 200 })
          .optional()
          .meta({ description: 'With `include=tasks`; 20 otherwise.' }),
        status: projectStatus.optional(),
        name: name255.optional(),
        q: searchText.optional(),
        metadata: jsonObjectParam.optional().meta({ description: 'A JSON object that the project’s must contain.' }),
        tag: tagName.optional().meta({ description: 'Has a task with this tag.' }),
        ...timeFilters,
      },
    }),
    success: { status: 200, description: 'A page of projects', schema: listOf(ProjectWithTasks) },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { include, task_limit, fields, ...query } = c.req.valid('query');
    if (!include) refuseNested(task_limit, fields);
    const taskLimit = include && (task_limit ?? 20);
    const { request, filters } = await listRequest(c.var.db, { name: 'projects' }, query);
    const options = { ...c.var.read, limitParameter: include ? '?task_limit' : '?limit' };
    const page = { ...request, limitParameter: options.limitParameter };
    return fetchList(c.var.db, listProjects(c.var.db, filters, page, { fields, taskLimit }), options);
  },
);

/** Refuses the parameters that have a meaning only with `include=tasks`. */
function refuseNested(taskLimit: number | undefined, fields: string[] | undefined): void {
  const message = 'needs include=tasks';
  const errors = [
    ...(taskLimit === undefined ? [] : [{ pointer: '?task_limit', code: 'excluded', message }]),
    ...(fields?.some((field) => field.startsWith('tasks'))
      ? [{ pointer: '?fields', code: 'excluded', message: `tasks and tasks_page: ${message}` }]
      : []),
  ];
  if (errors.length > 0) throw validationFailed(errors);
}
