import * as z from 'zod';
import { redeliver } from '../../db/queries/webhooks/redeliver.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { WebhookDelivery } from '../../http/response/webhook-resources.ts';

/* Has a delivery sent again, whether or not it has arrived before. */

export default endpoint(
  {
    operationId: 'redeliver-webhook-delivery',
    method: 'post',
    path: '/api/v1/webhooks/:id/deliveries/:delivery_id/redeliver',
    summary: 'Send a delivery again',
    description:
      'Whether or not it has arrived before, with the same `webhook-id` and body. A webhook that is paused is sent it once it is active again.',
    access: 'admin',
    params: z.strictObject({ id: guid, delivery_id: guid }),
    success: { status: 202, description: 'The delivery, which is on its way', schema: WebhookDelivery },
    problems: ['not_found'],
  },
  async (c) => {
    const { id, delivery_id } = c.req.valid('param');
    return redeliver(c.var.db, id, delivery_id, c.var.write);
  },
);
