import * as z from 'zod';
import { rotateWebhookSecret } from '../../db/queries/webhooks/rotate-webhook-secret.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { WebhookSecret } from '../../http/response/webhook-resources.ts';
import { newWebhookSecret } from '../../http/webhook-secret.ts';

/* Gives a webhook another secret. For a day, its deliveries are signed with the one before it, too. */

export default endpoint(
  {
    operationId: 'rotate-webhook-secret',
    method: 'post',
    path: '/api/v1/webhooks/:id/rotate-secret',
    summary: 'Rotate the secret of a webhook',
    description:
      'For 24 hours deliveries are signed with the secret before it, too: they carry a signature for each. Who rotates again within that time has up to five sign.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 200, description: 'The new secret', schema: WebhookSecret },
    problems: ['not_found'],
  },
  async (c) => {
    const { id } = c.req.valid('param');
    return rotateWebhookSecret(c.var.db, id, await newWebhookSecret(c, id), c.var.write);
  },
);
