import * as z from 'zod';
import { updateTask } from '../../db/queries/tasks/update-task.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import {
  date,
  description,
  guid,
  metadataPatch,
  name255,
  position,
  priority,
  taskStatus,
} from '../../http/request/schemas.ts';
import { assigneesPatch, tagsPatch } from '../../http/request/task-input.ts';
import { TaskWithProject } from '../../http/response/resources.ts';

/* Changes a task: a merge patch (RFC 7396). A new parent or project moves it with all below it. */

export default endpoint(
  {
    operationId: 'update-task',
    method: 'patch',
    path: '/api/v1/tasks/:id',
    summary: 'Change or move a task',
    description:
      'A merge patch: absent keeps, null clears, `metadata` is merged. `tags` is the whole list of names, or `{add, remove}`; so is `assignees`, whose `remove` are ids of members. Another `project_id` moves the task with all below it to the end of the order there.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      title: name255.optional(),
      description: description.optional(),
      status: taskStatus.optional(),
      priority: priority.optional(),
      due_on: date.nullable().optional().meta({ description: 'The day on which it is due.' }),
      position: position.optional(),
      metadata: metadataPatch.optional(),
      parent_id: guid.nullable().optional().meta({ description: 'The task that it shall be below; null for none.' }),
      project_id: guid.optional().meta({ description: 'The project that it shall be in, with all tasks below it.' }),
      tags: tagsPatch.optional(),
      assignees: assigneesPatch.optional(),
    }),
    example: { status: 'in_progress', tags: { add: ['urgent'], remove: ['later'] } },
    ifMatch: true,
    success: { status: 200, description: 'The task', schema: TaskWithProject },
    problems: ['not_found', 'invalid_transition', 'cycle', 'conflict', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return updateTask(c.var.db, id, c.req.valid('json'), c.var.write);
  },
);
