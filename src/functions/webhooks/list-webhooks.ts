import { listWebhooks, webhookSorts } from '../../db/queries/webhooks/list-webhooks.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { webhookStatus } from '../../http/request/webhook-schemas.ts';
import { WebhookPage } from '../../http/response/pages.ts';
import { membersOf } from '../../http/response/resources.ts';
import { Webhook } from '../../http/response/webhook-resources.ts';

/* The tenant's webhooks, newest first, without their secrets. */

export default endpoint(
  {
    operationId: 'list-webhooks',
    method: 'get',
    path: '/api/v1/webhooks',
    summary: 'List webhooks',
    description: 'Newest first, without their secrets.',
    access: 'admin',
    query: listQuery({
      sorts: webhookSorts,
      defaultSort: '-created_at',
      fields: membersOf(Webhook),
      filters: { status: webhookStatus.optional().meta({ description: 'Has this status.' }) },
    }),
    success: { status: 200, description: 'A page of webhooks', schema: WebhookPage },
    problems: ['invalid_cursor'],
  },
  async (c) => {
    const { request, filters } = await listRequest(c.var.db, 'webhooks', c.req.valid('query'));
    return listWebhooks(c.var.db, filters, request, c.var.read);
  },
);
