import * as z from 'zod';
import { updateTenant } from '../../db/queries/tenants/update-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { expectedEntityTags } from '../../http/request/preconditions.ts';
import { guid, name255, tenantStatus } from '../../http/request/schemas.ts';
import { Tenant } from '../../http/response/resources.ts';
import { written } from '../../http/response/responses.ts';

/* Renames, suspends or wakes a tenant: a merge patch. A suspended tenant's tokens are refused everywhere. */

export default endpoint(
  {
    name: 'update-tenant',
    tag: 'Tenants',
    method: 'patch',
    path: '/api/v1/tenants/:id',
    summary: 'Rename, suspend or wake a tenant',
    access: 'platform',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({ name: name255.optional(), status: tenantStatus.optional() }),
    example: { status: 'suspended' },
    ifMatch: true,
    success: { status: 200, description: 'The tenant', schema: Tenant },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const expected = expectedEntityTags(c.req.header('If-Match'));
    return written(await updateTenant(c.var.db, id, c.req.valid('json'), expected, { status: 200 }));
  },
);
