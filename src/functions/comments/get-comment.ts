import * as z from 'zod';
import { getComment } from '../../db/queries/comments/one-comment.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Comment } from '../../http/response/resources.ts';

/* One comment. That of a task in the trash is not found until the task is restored. */

export default endpoint(
  {
    operationId: 'get-comment',
    method: 'get',
    path: '/api/v1/comments/:id',
    summary: 'Get a comment',
    description: 'That of a task in the trash is `404` until the task is restored.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The comment', schema: Comment },
    problems: ['not_found'],
  },
  async (c) => {
    return getComment(c.var.db, c.req.valid('param').id, c.var.read);
  },
);
