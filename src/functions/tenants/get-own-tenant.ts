import { getTenant } from '../../db/queries/tenants/one-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { Tenant } from '../../http/response/resources.ts';

/* The tenant of the caller's token. */

export default endpoint(
  {
    operationId: 'get-own-tenant',
    method: 'get',
    path: '/api/v1/tenant',
    summary: 'Get the caller’s own tenant',
    description: 'That of the token or API key.',
    access: 'viewer',
    success: { status: 200, description: 'The tenant', schema: Tenant },
  },
  async (c) => {
    return getTenant(c.var.db, c.var.db.tenantId, c.var.read);
  },
);
