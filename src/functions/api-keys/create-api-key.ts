import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createApiKey } from '../../db/queries/api-keys/create-api-key.ts';
import { makeApiKey } from '../../http/auth/api-keys.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { apiKeyRole, guid, label, timestamp } from '../../http/request/schemas.ts';
import { NewApiKey } from '../../http/response/people.ts';

/* Makes an API key, for a script or an integration that has no identity provider. It is shown this once. */

export default endpoint(
  {
    operationId: 'create-api-key',
    method: 'post',
    path: '/api/v1/api-keys',
    summary: 'Create an API key',
    description:
      'The key is in the answer, and nowhere else: only a digest of its secret is kept. An answer that is given back for an Idempotency-Key has `null` in its place.',
    access: 'admin',
    body: z.strictObject({
      name: label(100).meta({ description: 'One line that tells what the key is for.', examples: ['Nightly report'] }),
      role: apiKeyRole.default('member'),
      expires_at: timestamp.nullable().default(null).meta({ description: 'A time to come; null for never.' }),
      member_id: guid.nullable().default(null).meta({ description: 'The active member for whom the key acts.' }),
    }),
    example: { name: 'Nightly report', role: 'viewer', expires_at: '2099-01-01T00:00:00.000Z' },
    success: { status: 201, description: 'The key', schema: NewApiKey },
  },
  async (c) => {
    const { db, write } = c.var;
    const id = uuidv7();
    const { key, secretHash } = await makeApiKey(db.tenantId, id);
    const options = { ...write, location: `/api/v1/api-keys/${id}` };
    return createApiKey(db, { id, ...c.req.valid('json'), secretHash }, key, options);
  },
);
