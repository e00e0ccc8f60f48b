import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createTask } from '../../db/queries/tasks/create-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid, position } from '../../http/request/schemas.ts';
import { newTask } from '../../http/request/task-input.ts';
import { TaskWithProject } from '../../http/response/resources.ts';

/* Adds one task to a project, below another one if it names a parent. Tags that do not exist are created. */

export default endpoint(
  {
    operationId: 'create-task',
    method: 'post',
    path: '/api/v1/projects/:id/tasks',
    summary: 'Create a task in a project',
    description: 'Without a `position` it comes after the last task of the project.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      ...newTask,
      parent_id: guid
        .nullable()
        .default(null)
        .meta({ description: 'The task of the same project that it shall be below.' }),
      position: position.optional(),
    }),
    example: { title: 'Choose a typeface', priority: 2, due_on: '2026-12-01', tags: ['design'] },
    success: { status: 201, description: 'The task', schema: TaskWithProject },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id: projectId } = c.req.valid('param');
    const { position = null, ...task } = c.req.valid('json');
    const id = uuidv7();
    const options = { ...c.var.write, location: `/api/v1/tasks/${id}` };
    return createTask(c.var.db, projectId, { id, position, pointer: '', ...task }, options);
  },
);
