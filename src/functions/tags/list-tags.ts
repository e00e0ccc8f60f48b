import { listTags, tagSorts } from '../../db/queries/tags/list-tags.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { searchText } from '../../http/request/parameters.ts';
import { TagPage } from '../../http/response/pages.ts';
import { membersOf, TagWithCount } from '../../http/response/resources.ts';

/* The tenant's tags, each with the number of its tasks that are not in the trash. */

export default endpoint(
  {
    operationId: 'list-tags',
    method: 'get',
    path: '/api/v1/tags',
    summary: 'List tags',
    description: 'By name, each with the number of its tasks that are not in the trash.',
    access: 'viewer',
    query: listQuery({
      sorts: tagSorts,
      defaultSort: 'name',
      fields: membersOf(TagWithCount),
      filters: { q: searchText.optional().meta({ description: 'A prefix of the name.' }) },
    }),
    success: { status: 200, description: 'A page of tags', schema: TagPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'tags', c.req.valid('query'));
    return listTags(c.var.db, filters, request, c.var.read);
  },
);
