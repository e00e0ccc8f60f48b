import * as z from 'zod';
import { getWebhook } from '../../db/queries/webhooks/one-webhook.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { Webhook } from '../../http/response/webhook-resources.ts';

/* One webhook, without its secret. */

export default endpoint(
  {
    operationId: 'get-webhook',
    method: 'get',
    path: '/api/v1/webhooks/:id',
    summary: 'Get a webhook',
    description: 'Without its secret.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    success: { status: 200, description: 'The webhook', schema: Webhook },
    problems: ['not_found'],
  },
  async (c) => {
    return getWebhook(c.var.db, c.req.valid('param').id, c.var.read);
  },
);
