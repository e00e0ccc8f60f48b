import * as z from 'zod';
import { getProjectStats } from '../../db/queries/projects/project-stats.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Stats } from '../../http/response/resources.ts';

/* What a project's tasks add up to; those in the trash do not count. */

export default endpoint(
  {
    operationId: 'get-project-stats',
    method: 'get',
    path: '/api/v1/projects/:id/stats',
    summary: 'Add up a project’s tasks',
    description:
      'Overdue: `due_on` before today in UTC, neither completed nor cancelled. Ratio: completed ÷ (all − cancelled), 0 if there are none.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The figures', schema: Stats },
    problems: ['not_found'],
  },
  async (c) => {
    return getProjectStats(c.var.db, c.req.valid('param').id, c.var.read);
  },
);
