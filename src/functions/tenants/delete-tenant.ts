import * as z from 'zod';
import { deleteTenant } from '../../db/queries/tenants/delete-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Tenant } from '../../http/response/resources.ts';

/* Marks a suspended tenant as `deleting`. The scheduled purge deletes all that belongs to it in batches. */

export default endpoint(
  {
    operationId: 'delete-tenant',
    method: 'delete',
    path: '/api/v1/tenants/:id',
    summary: 'Delete a suspended tenant',
    description:
      'Only a suspended tenant can be deleted. It is `deleting` from then on and cannot be reactivated; the scheduled purge deletes all that belongs to it in batches, and last the tenant itself, which is `404` then.',
    access: 'platform',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 202, description: 'The tenant, which is being deleted', schema: Tenant },
    problems: ['not_found', 'conflict'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return deleteTenant(c.var.db.homeOf(id), id, c.var.write);
  },
);
