import * as z from 'zod';
import { readList } from '../../db/answer.ts';
import { listTrash } from '../../db/queries/list-trash.ts';
import { entityTags } from '../../http/conditions.ts';
import { endpoint } from '../../http/endpoint.ts';
import { listQuery, listRequest } from '../../http/lists.ts';
import { listOf, membersOf, Trashed } from '../../http/resources.ts';
import { listed } from '../../http/respond.ts';

/* What is in the trash: projects and tasks that were trashed themselves, newest first. */

export default endpoint(
  {
    name: 'list-trash',
    tag: 'Trash',
    method: 'get',
    path: '/api/v1/trash',
    summary: 'List the trash',
    access: 'viewer',
    query: listQuery({
      sorts: ['deleted_at'],
      defaultSort: '-deleted_at',
      fields: membersOf(Trashed),
      filters: { type: z.enum(['project', 'task']).optional() },
    }),
    success: { status: 200, description: 'A page of it', schema: listOf(Trashed) },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { fields, ...query } = c.req.valid('query');
    const { request, filters } = await listRequest(c.var.db, { name: 'trash' }, query);
    const answer = await readList(c.var.db, listTrash(c.var.db, filters, request, { fields }), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    return listed(c, answer);
  },
);
