import * as z from 'zod';
import { purgeProject } from '../../db/queries/projects/purge-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { expectedVersions } from '../../http/request/preconditions.ts';
import { guid } from '../../http/request/schemas.ts';
import { written } from '../../http/response/responses.ts';

/* Deletes a trashed project for good, also its values in the audit log and in stored idempotent answers. */

export default endpoint(
  {
    name: 'purge-project',
    tag: 'Projects',
    method: 'post',
    path: '/api/v1/projects/:id/purge',
    summary: 'Delete a trashed project for good',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'It is gone' },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const expected = expectedVersions(c.req.header('If-Match'));
    const reply = { status: 204, idempotency: c.var.idempotency };
    return written(await purgeProject(c.var.db, c.req.valid('param').id, expected, reply));
  },
);
