import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createComment } from '../../db/queries/comments/create-comment.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { commentBody, mentionsOf } from '../../http/request/comment-body.ts';
import { guid } from '../../http/request/schemas.ts';
import { Comment } from '../../http/response/resources.ts';

/* Says something about a task. Its author is the caller's member, where the caller is one. */

export default endpoint(
  {
    operationId: 'create-comment',
    method: 'post',
    path: '/api/v1/tasks/:id/comments',
    summary: 'Comment on a task',
    description: 'Somebody who is mentioned by an id that no member has is `422`. No version of the task changes.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({ body: commentBody }),
    example: { body: 'The second draft is **much** better.' },
    success: { status: 201, description: 'The comment', schema: Comment },
    problems: ['not_found', 'unprocessable'],
  },
  async (c) => {
    const { id: taskId } = c.req.valid('param');
    const { body } = c.req.valid('json');
    const id = uuidv7();
    const comment = { id, taskId, body, mentions: mentionsOf(body) };
    return createComment(c.var.db, comment, { ...c.var.write, location: `/api/v1/comments/${id}` });
  },
);
