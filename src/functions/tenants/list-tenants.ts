import { fetchList } from '../../db/client/read.ts';
import { listTenants } from '../../db/queries/tenants/list-tenants.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { listOf, membersOf, Tenant } from '../../http/response/resources.ts';

/* All tenants, for the platform. */

export default endpoint(
  {
    operationId: 'list-tenants',
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
    return fetchList(c.var.db, listTenants(c.var.db, request, { fields }), c.var.read);
  },
);
