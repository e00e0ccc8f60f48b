import * as z from 'zod';
import { deleteComment } from '../../db/queries/comments/delete-comment.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Deletes a comment, by its author or an admin. It does not go to the trash: nothing of what it said is kept. */

export default endpoint(
  {
    operationId: 'delete-comment',
    method: 'delete',
    path: '/api/v1/comments/:id',
    summary: 'Delete a comment',
    description:
      'By its author or an admin; others get `403`. This is final: its text goes from the audit log and stored answers too.',
    access: 'member',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The comment is deleted' },
    problems: ['not_found'],
  },
  async (c) => {
    return deleteComment(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
