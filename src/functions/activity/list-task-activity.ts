import * as z from 'zod';
import { activitySorts } from '../../db/queries/activity/activity-page.ts';
import { listTaskActivity } from '../../db/queries/activity/list-task-activity.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { activityType, guid } from '../../http/request/schemas.ts';
import { ActivityPage } from '../../http/response/pages.ts';
import { ActivityEntry, membersOf } from '../../http/response/resources.ts';

/* Who changed what of a task, its tags, assignees and blockers, and what was said about it, newest first. */

export default endpoint(
  {
    operationId: 'list-task-activity',
    method: 'get',
    path: '/api/v1/tasks/:id/activity',
    summary: 'List the activity of a task',
    description:
      'Who changed what of the task, its tags, assignees and blockers, and what was said about it, newest first.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: listQuery({
      sorts: activitySorts,
      defaultSort: '-at',
      fields: membersOf(ActivityEntry),
      filters: { type: activityType.optional().meta({ description: 'Only changes, or only comments.' }) },
    }),
    success: { status: 200, description: 'A page of the activity', schema: ActivityPage },
    problems: ['not_found', 'invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { request, filters } = await listRequest(c.var.db, 'task-activity', c.req.valid('query'), id);
    return listTaskActivity(c.var.db, id, filters, request, c.var.read);
  },
);
