import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { testWebhook } from '../../db/queries/webhooks/test-webhook.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { WebhookDelivery } from '../../http/response/webhook-resources.ts';

/* Has a webhook sent the event `webhook.test`, whatever events it takes. */

export default endpoint(
  {
    operationId: 'test-webhook',
    method: 'post',
    path: '/api/v1/webhooks/:id/test',
    summary: 'Test a webhook',
    description:
      'Sends it the event `webhook.test`, whatever events it takes. What comes of it, its deliveries tell. A webhook that is paused is sent it once it is active again.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    success: { status: 202, description: 'The delivery, which is on its way', schema: WebhookDelivery },
    problems: ['not_found'],
  },
  async (c) => {
    return testWebhook(c.var.db, c.req.valid('param').id, uuidv7(), c.var.write);
  },
);
