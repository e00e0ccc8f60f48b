import * as z from 'zod';
import { deleteTag } from '../../db/queries/tags/delete-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Deletes a tag and takes it off its tasks, whose versions do not change. */

export default endpoint(
  {
    operationId: 'delete-tag',
    method: 'delete',
    path: '/api/v1/tags/:id',
    summary: 'Delete a tag',
    description: 'It is taken off its tasks, whose versions do not change.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The tag is deleted' },
    problems: ['not_found'],
  },
  async (c) => {
    return deleteTag(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
