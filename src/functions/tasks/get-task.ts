import * as z from 'zod';
import { readAnswer } from '../../db/client/representation.ts';
import { oneTask, oneTaskWithSubtasks } from '../../db/queries/tasks/one-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { entityTags } from '../../http/request/preconditions.ts';
import { guid } from '../../http/request/schemas.ts';
import { TaskDetail } from '../../http/response/resources.ts';
import { notFound, ok } from '../../http/response/responses.ts';

/* One task with its project and tags, with `include=subtasks` also with all tasks below it. */

export default endpoint(
  {
    name: 'get-task',
    tag: 'Tasks',
    method: 'get',
    path: '/api/v1/tasks/:id',
    summary: 'Get a task',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: z.strictObject({
      include: z
        .literal('subtasks')
        .optional()
        .meta({ description: 'Nests the whole tree below it, at most 1 000 tasks.' }),
    }),
    success: { status: 200, description: 'The task', schema: TaskDetail },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const lower = c.req.valid('query').include && '?include';
    const source = lower ? oneTaskWithSubtasks(c.var.db, id, lower) : oneTask(c.var.db, id);
    const answer = await readAnswer<z.output<typeof TaskDetail>>(c.var.db, source, {
      lower,
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    if (!answer) throw notFound('task');
    return ok(answer);
  },
);
