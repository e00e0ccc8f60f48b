import * as z from 'zod';
import { updateTenant } from '../../db/queries/tenants/update-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid, name255, tenantStatus } from '../../http/request/schemas.ts';
import { Tenant } from '../../http/response/resources.ts';

/* Renames, suspends or reactivates a tenant: a merge patch. All tokens of a suspended tenant are refused. */

export default endpoint(
  {
    operationId: 'update-tenant',
    method: 'patch',
    path: '/api/v1/tenants/:id',
    summary: 'Rename, suspend or reactivate a tenant',
    description: 'A merge patch: absent keeps. All tokens and API keys of a suspended tenant are refused.',
    access: 'platform',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      name: name255.optional(),
      status: tenantStatus
        .exclude(['deleting'])
        .optional()
        .meta({ description: 'Suspends the tenant, or reactivates it.' }),
    }),
    example: { status: 'suspended' },
    ifMatch: true,
    success: { status: 200, description: 'The tenant', schema: Tenant },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return updateTenant(c.var.db.homeOf(id), id, c.req.valid('json'), c.var.write);
  },
);
