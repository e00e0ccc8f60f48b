import * as z from 'zod';
import { listTrash, trashSorts } from '../../db/queries/trash/list-trash.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { listOf, membersOf, Trashed } from '../../http/response/resources.ts';

/* What is in the trash: projects and tasks that were trashed themselves, newest first. */

export default endpoint(
  {
    operationId: 'list-trash',
    method: 'get',
    path: '/api/v1/trash',
    summary: 'List the trash',
    access: 'viewer',
    query: listQuery({
      sorts: trashSorts,
      defaultSort: '-deleted_at',
      fields: membersOf(Trashed),
      filters: { type: z.enum(['project', 'task']).optional() },
    }),
    success: { status: 200, description: 'A page of the trash', schema: listOf(Trashed) },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'trash', c.req.valid('query'));
    return listTrash(c.var.db, filters, request, c.var.read);
  },
);
