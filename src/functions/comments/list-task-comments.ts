import * as z from 'zod';
import { commentSorts } from '../../db/queries/comments/comment-list.ts';
import { listTaskComments } from '../../db/queries/comments/list-task-comments.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { guid } from '../../http/request/schemas.ts';
import { CommentPage } from '../../http/response/pages.ts';
import { Comment, membersOf } from '../../http/response/resources.ts';

/* What has been said about a task, oldest first. */

export default endpoint(
  {
    operationId: 'list-task-comments',
    method: 'get',
    path: '/api/v1/tasks/:id/comments',
    summary: 'List the comments of a task',
    description: 'Oldest first.',
    access: 'viewer',
    params: z.strictObject({ id: guid }),
    query: listQuery({
      sorts: commentSorts,
      defaultSort: 'created_at',
      fields: membersOf(Comment),
      filters: {},
    }),
    success: { status: 200, description: 'A page of comments', schema: CommentPage },
    problems: ['not_found', 'invalid_cursor'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { request } = await listRequest(c.var.db, 'task-comments', c.req.valid('query'), id);
    return listTaskComments(c.var.db, id, request, c.var.read);
  },
);
