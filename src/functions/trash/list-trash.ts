import { listTrash, trashSorts } from '../../db/queries/trash/list-trash.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { trashedType } from '../../http/request/schemas.ts';
import { TrashPage } from '../../http/response/pages.ts';
import { membersOf, Trashed } from '../../http/response/resources.ts';

/* What is in the trash: projects and tasks that were trashed themselves, newest first. */

export default endpoint(
  {
    operationId: 'list-trash',
    method: 'get',
    path: '/api/v1/trash',
    summary: 'List the trash',
    description:
      'Projects and tasks that were put there themselves, newest first; what went along with them is not listed.',
    access: 'viewer',
    query: listQuery({
      sorts: trashSorts,
      defaultSort: '-deleted_at',
      fields: membersOf(Trashed),
      filters: { type: trashedType.optional().meta({ description: 'Only projects, or only tasks.' }) },
    }),
    success: { status: 200, description: 'A page of the trash', schema: TrashPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'trash', c.req.valid('query'));
    return listTrash(c.var.db, filters, request, c.var.read);
  },
);
