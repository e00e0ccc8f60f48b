import * as z from 'zod';
import { activitySorts } from '../../db/queries/activity/activity-page.ts';
import { listProjectActivity } from '../../db/queries/activity/list-project-activity.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { activityType, guid } from '../../http/request/schemas.ts';
import { ActivityPage } from '../../http/response/pages.ts';
import { ActivityEntry, membersOf } from '../../http/response/resources.ts';

/* What has happened to a project and to its tasks, and what was said about them, newest first. */

export default endpoint(
  {
    operationId: 'list-project-activity',
    method: 'get',
    path: '/api/v1/projects/:id/activity',
    summary: 'List the activity of a project',
    description: 'What has happened to the project and to its tasks, and what was said about them, newest first.',
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
    const { request, filters } = await listRequest(c.var.db, 'project-activity', c.req.valid('query'), id);
    return listProjectActivity(c.var.db, id, filters, request, c.var.read);
  },
);
