import { apiKeySorts, listApiKeys } from '../../db/queries/api-keys/list-api-keys.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { apiKeyStatus } from '../../http/request/schemas.ts';
import { ApiKeyPage } from '../../http/response/pages.ts';
import { ApiKey } from '../../http/response/people.ts';
import { membersOf } from '../../http/response/resources.ts';

/* The tenant's API keys, newest first, without the keys themselves. */

export default endpoint(
  {
    operationId: 'list-api-keys',
    method: 'get',
    path: '/api/v1/api-keys',
    summary: 'List API keys',
    description: 'Newest first, without the keys themselves.',
    access: 'admin',
    query: listQuery({
      sorts: apiKeySorts,
      defaultSort: '-created_at',
      fields: membersOf(ApiKey),
      filters: { status: apiKeyStatus.optional().meta({ description: 'Has this status.' }) },
    }),
    success: { status: 200, description: 'A page of API keys', schema: ApiKeyPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'api-keys', c.req.valid('query'));
    return listApiKeys(c.var.db, filters, request, c.var.read);
  },
);
