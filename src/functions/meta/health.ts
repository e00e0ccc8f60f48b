import * as z from 'zod';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { okResponse } from '../../http/response/responses.ts';

/* Whether the function runs at all. The database is not asked. */

export default publicEndpoint(
  {
    operationId: 'health',
    method: 'get',
    path: '/health',
    summary: 'Whether the API runs',
    description: 'The database is not asked: `GET /ready` does that.',
    access: 'public',
    success: {
      status: 200,
      description: 'The API runs',
      schema: z
        .object({ status: z.literal('ok').meta({ description: 'Always `ok`.' }) })
        .meta({ id: 'Health', description: 'That the API runs.' }),
    },
  },
  async () => okResponse({ status: 'ok' }),
);
