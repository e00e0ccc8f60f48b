import { listTenants, tenantSorts } from '../../db/queries/tenants/list-tenants.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { TenantPage } from '../../http/response/pages.ts';
import { membersOf, Tenant } from '../../http/response/resources.ts';

/* All tenants, for the platform. */

export default endpoint(
  {
    operationId: 'list-tenants',
    method: 'get',
    path: '/api/v1/tenants',
    summary: 'List tenants',
    description: 'Newest first.',
    access: 'platform',
    query: listQuery({
      sorts: tenantSorts,
      defaultSort: '-created_at',
      fields: membersOf(Tenant),
      filters: {},
    }),
    success: { status: 200, description: 'A page of tenants', schema: TenantPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request } = await listRequest(c.var.db, 'tenants', c.req.valid('query'));
    return listTenants(c.var.db, request, c.var.read);
  },
);
