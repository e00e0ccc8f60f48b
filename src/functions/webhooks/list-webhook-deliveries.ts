import * as z from 'zod';
import { deliverySorts, listWebhookDeliveries } from '../../db/queries/webhooks/list-webhook-deliveries.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { listQuery, listRequest } from '../../http/request/list-query.ts';
import { guid } from '../../http/request/schemas.ts';
import { deliveryStatus } from '../../http/request/webhook-schemas.ts';
import { WebhookDeliveryPage } from '../../http/response/pages.ts';
import { membersOf } from '../../http/response/resources.ts';
import { WebhookDelivery } from '../../http/response/webhook-resources.ts';

/* What a webhook has been sent, and is to be sent, of the last 30 days, newest first. */

export default endpoint(
  {
    operationId: 'list-webhook-deliveries',
    method: 'get',
    path: '/api/v1/webhooks/:id/deliveries',
    summary: 'List the deliveries of a webhook',
    description: 'What it has been sent and what it is to be sent, of the last 30 days, newest first.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    query: listQuery({
      sorts: deliverySorts,
      defaultSort: '-at',
      fields: membersOf(WebhookDelivery),
      filters: { status: deliveryStatus.optional().meta({ description: 'Has this status.' }) },
    }),
    success: { status: 200, description: 'A page of deliveries', schema: WebhookDeliveryPage },
    problems: ['not_found', 'invalid_cursor'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    const { request, filters } = await listRequest(c.var.db, 'webhook-deliveries', c.req.valid('query'), id);
    return listWebhookDeliveries(c.var.db, id, filters, request, c.var.read);
  },
);
