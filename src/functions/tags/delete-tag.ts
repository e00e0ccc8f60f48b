import * as z from 'zod';
import { deleteTag } from '../../db/queries/tags/delete-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { expectedVersions } from '../../http/request/preconditions.ts';
import { guid } from '../../http/request/schemas.ts';
import { done } from '../../http/response/responses.ts';

/* Deletes a tag and takes it off its tasks, whose versions stay. */

export default endpoint(
  {
    name: 'delete-tag',
    tag: 'Tags',
    method: 'delete',
    path: '/api/v1/tags/:id',
    summary: 'Delete a tag',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'It is gone' },
    problems: ['not_found'],
  },
  async (c) => {
    await deleteTag(c.var.db, c.req.valid('param').id, expectedVersions(c.req.header('If-Match')));
    return done();
  },
);
