import * as z from 'zod';
import { readAnswer } from '../../db/answer.ts';
import { projectStats } from '../../db/queries/project-stats.ts';
import { entityTags } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { Stats } from '../../http/resources.ts';
import { notFound, ok } from '../../http/respond.ts';
import { guid } from '../../http/schemas.ts';

/* What a project's tasks add up to; those in the trash do not count. */

export default endpoint(
  {
    name: 'get-project-stats',
    tag: 'Projects',
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
    const answer = await readAnswer(c.var.db, projectStats(c.var.db, c.req.valid('param').id), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    if (!answer) throw notFound('project');
    return ok(answer);
  },
);
