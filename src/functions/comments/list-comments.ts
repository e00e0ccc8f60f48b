import { commentSorts } from '../../db/queries/comments/comment-list.ts';
import { listComments } from '../../db/queries/comments/list-comments.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest, timeFilters } from '../../http/request/list-query.ts';
import { memberOrMe, searchText } from '../../http/request/parameters.ts';
import { CommentPage } from '../../http/response/pages.ts';
import { Comment, membersOf } from '../../http/response/resources.ts';

/* What has been said about all tasks that are not in the trash, newest first. */

export default endpoint(
  {
    operationId: 'list-comments',
    method: 'get',
    path: '/api/v1/comments',
    summary: 'List comments',
    description: 'What has been said about all tasks that are not in the trash, newest first.',
    access: 'viewer',
    query: listQuery({
      sorts: commentSorts,
      defaultSort: '-created_at',
      fields: membersOf(Comment),
      filters: {
        author: memberOrMe.optional().meta({ description: 'Was written by this member; `me` for the caller’s own.' }),
        mentions: memberOrMe.optional().meta({ description: 'Mentions this member; `me` for the caller’s own.' }),
        q: searchText.optional(),
        created_after: timeFilters.created_after,
        created_before: timeFilters.created_before,
      },
    }),
    success: { status: 200, description: 'A page of comments', schema: CommentPage },
    problems: ['invalid_cursor', 'unprocessable'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'comments', c.req.valid('query'));
    return listComments(c.var.db, filters, request, c.var.read);
  },
);
