import { readList } from '../../db/client/representation.ts';
import { listTenants } from '../../db/queries/tenants/list-tenants.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { entityTags } from '../../http/request/preconditions.ts';
import { listOf, membersOf, Tenant } from '../../http/response/resources.ts';
import { listed } from '../../http/response/responses.ts';

/* All tenants, for the platform. */

export default endpoint(
  {
    name: 'list-tenants',
    tag: 'Tenants',
    method: 'get',
    path: '/api/v1/tenants',
    summary: 'List tenants',
    access: 'platform',
    query: listQuery({
      sorts: ['created_at', 'name'],
      defaultSort: '-created_at',
      fields: membersOf(Tenant),
      filters: {},
    }),
    success: { status: 200, description: 'A page of tenants', schema: listOf(Tenant) },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { fields, ...query } = c.req.valid('query');
    const { request } = await listRequest(c.var.db, { name: 'tenants' }, query);
    const answer = await readList(c.var.db, listTenants(c.var.db, request, { fields }), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    return listed(c, answer);
  },
);
