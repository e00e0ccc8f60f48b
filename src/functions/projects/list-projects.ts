import * as z from 'zod';
import { listProjects, projectSorts } from '../../db/queries/projects/list-projects.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest, timeFilters } from '../../http/request/list-query.ts';
import { jsonObjectParam, queryInteger, searchText } from '../../http/request/parameters.ts';
import { name255, projectStatus, tagName } from '../../http/request/schemas.ts';
import { ProjectPage } from '../../http/response/pages.ts';
import { membersOf, ProjectWithTasks } from '../../http/response/resources.ts';
import { validationFailed } from '../../problem.ts';

/* The tenant's projects, with `include=tasks` each with its first tasks: still one query and one round trip. */

export default endpoint(
  {
    operationId: 'list-projects',
    method: 'get',
    path: '/api/v1/projects',
    summary: 'List projects',
    description: 'Newest first. `include=tasks` nests the first tasks of each.',
    access: 'viewer',
    query: listQuery({
      sorts: projectSorts,
      defaultSort: '-created_at',
      fields: membersOf(ProjectWithTasks),
      filters: {
        include: z
          .literal('tasks')
          .optional()
          .meta({ description: 'Nests the first tasks of each project.', examples: ['tasks'] }),
        task_limit: queryInteger({ min: 0, max: 200 })
          .optional()
          .meta({ description: 'How many tasks of each project to nest, with `include=tasks` only; 20 by default.' }),
        status: projectStatus.optional().meta({ description: 'Has this status.' }),
        name: name255.optional().meta({ description: 'Has exactly this name.' }),
        q: searchText.optional(),
        metadata: jsonObjectParam.optional().meta({ description: 'A JSON object that the project’s must contain.' }),
        tag: tagName.optional().meta({ description: 'Has a task with this tag.' }),
        ...timeFilters,
      },
    }),
    success: { status: 200, description: 'A page of projects', schema: ProjectPage },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { include, task_limit, ...query } = c.req.valid('query');
    if (!include) refuseNested(task_limit, query.fields);
    const taskLimit = include && (task_limit ?? 20);
    const { request, filters } = await listRequest(c.var.db, 'projects', query);
    const options = { ...c.var.read, limitParameter: include ? '?task_limit' : '?limit' };
    return listProjects(c.var.db, filters, request, taskLimit, options);
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
