import { readAnswer } from '../../db/client/representation.ts';
import { oneTenant } from '../../db/queries/tenants/one-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { entityTags } from '../../http/request/preconditions.ts';
import { Tenant } from '../../http/response/resources.ts';
import { notFound, ok } from '../../http/response/responses.ts';

/* The tenant of the caller's token. */

export default endpoint(
  {
    name: 'get-own-tenant',
    tag: 'Tenants',
    method: 'get',
    path: '/api/v1/tenant',
    summary: 'Get the caller’s own tenant',
    access: 'viewer',
    success: { status: 200, description: 'The tenant', schema: Tenant },
  },
  async (c) => {
    const answer = await readAnswer(c.var.db, oneTenant(c.var.db, c.var.db.tenantId), {
      ifNoneMatch: entityTags(c.req.header('If-None-Match')),
    });
    if (!answer) throw notFound('tenant');
    return ok(answer);
  },
);
