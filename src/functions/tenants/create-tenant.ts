import * as z from 'zod';
import { createTenant } from '../../db/queries/tenants/create-tenant.ts';
import type { Shards } from '../../db/shards/shards.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { name255, shardName } from '../../http/request/schemas.ts';
import { Tenant } from '../../http/response/resources.ts';
import { validationFailed } from '../../problem.ts';

/* Makes a tenant. Idempotency keys belong to tenants, so this endpoint takes none. */

export default endpoint(
  {
    operationId: 'create-tenant',
    method: 'post',
    path: '/api/v1/tenants',
    summary: 'Create a tenant',
    description: 'Takes no `Idempotency-Key`, because keys belong to tenants.',
    access: 'platform',
    body: z.strictObject({ name: name255, shard: shardName.optional() }),
    example: { name: 'Acme' },
    success: { status: 201, description: 'The tenant', schema: Tenant },
  },
  async (c) => {
    const { name, shard } = c.req.valid('json');
    if (shard !== undefined && !isPlace(c.var.db.shards, shard)) {
      throw validationFailed([
        { pointer: '/shard', code: 'unknown_shard', message: 'is the name of no database here' },
      ]);
    }
    return createTenant(c.var.db, { name, shard }, c.var.write);
  },
);

/** Whether a new tenant may be put there. Behind a proxy nobody chooses: the id says where. */
function isPlace(shards: Shards | undefined, name: string): boolean {
  return shards !== undefined && !shards.proxy && shards.databases.has(name);
}
