import * as z from 'zod';
import { trashProject } from '../../db/queries/projects/trash-project.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Puts a project into the trash, with its tasks. It can be restored until it is purged. */

export default endpoint(
  {
    operationId: 'delete-project',
    method: 'delete',
    path: '/api/v1/projects/:id',
    summary: 'Put a project into the trash',
    description: 'With its tasks. It can be restored until it is purged.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The project is in the trash' },
    problems: ['not_found'],
  },
  async (c) => {
    return trashProject(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
