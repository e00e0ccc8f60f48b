import * as z from 'zod';
import { updateComment } from '../../db/queries/comments/update-comment.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { commentBody, mentionsOf } from '../../http/request/comment-body.ts';
import { guid } from '../../http/request/schemas.ts';
import { Comment } from '../../http/response/resources.ts';

/* Changes what a comment says, by its author or an admin. */

export default endpoint(
  {
    operationId: 'update-comment',
    method: 'patch',
    path: '/api/v1/comments/:id',
    summary: 'Change a comment',
    description:
      'By its author or an admin; others get `403`. Sets `edited_at`, unless the text is the same. Somebody who is newly mentioned by an id that no member has is `422`; whom the text mentioned before may stay in it, and is not in `mentions` if purged since.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({ body: commentBody.optional() }),
    example: { body: 'The second draft is **much** better, but for the colours.' },
    ifMatch: true,
    success: { status: 200, description: 'The comment', schema: Comment },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { body } = c.req.valid('json');
    const text = body === undefined ? undefined : { body, mentions: mentionsOf(body) };
    return updateComment(c.var.db, c.req.valid('param').id, text, c.var.write);
  },
);
