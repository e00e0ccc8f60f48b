import * as z from 'zod';
import { purgeProject } from '../../db/queries/projects/purge-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Deletes a trashed project for good, also its values in the audit log and in stored responses. */

export default endpoint(
  {
    operationId: 'purge-project',
    method: 'post',
    path: '/api/v1/projects/:id/purge',
    summary: 'Delete a trashed project for good',
    description: 'Also its values in the audit log and in stored answers.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The project is deleted for good' },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    return purgeProject(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
