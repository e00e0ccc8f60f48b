import * as z from 'zod';
import { getTag } from '../../db/queries/tags/one-tag.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Tag } from '../../http/response/resources.ts';

/* One tag. */

export default endpoint(
  {
    operationId: 'get-tag',
    method: 'get',
    path: '/api/v1/tags/:id',
    summary: 'Get a tag',
    description: 'Without the number of its tasks, which the list shows.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The tag', schema: Tag },
    problems: ['not_found'],
  },
  async (c) => {
    return getTag(c.var.db, c.req.valid('param').id, c.var.read);
  },
);
