import * as z from 'zod';
import { revokeApiKey } from '../../db/queries/api-keys/revoke-api-key.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Revokes an API key at once. It stays in the list, as revoked; once it is, nothing changes. */

export default endpoint(
  {
    operationId: 'delete-api-key',
    method: 'delete',
    path: '/api/v1/api-keys/:id',
    summary: 'Revoke an API key',
    description: 'At once. The key stays in the list, as revoked.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    success: { status: 204, description: 'The key is revoked' },
    problems: ['not_found'],
  },
  async (c) => {
    return revokeApiKey(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
