import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createTenant } from '../../db/queries/tenants/create-tenant.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { name255 } from '../../http/request/schemas.ts';
import { Tenant } from '../../http/response/resources.ts';

/* Makes a tenant. Idempotency keys belong to tenants, so this endpoint takes none. */

export default endpoint(
  {
    operationId: 'create-tenant',
    method: 'post',
    path: '/api/v1/tenants',
    summary: 'Create a tenant',
    description: 'Takes no `Idempotency-Key`, because keys belong to tenants.',
    access: 'platform',
    body: z.strictObject({ name: name255 }),
    example: { name: 'Acme' },
    success: { status: 201, description: 'The tenant', schema: Tenant },
  },
  async (c) => {
    const { name } = c.req.valid('json');
    const id = uuidv7();
    return createTenant(c.var.db, { id, name }, c.var.write);
  },
);
