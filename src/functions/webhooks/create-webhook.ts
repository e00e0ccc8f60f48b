import { v7 as uuidv7 } from 'uuid';
import * as z from 'zod';
import { createWebhook } from '../../db/queries/webhooks/create-webhook.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { webhookDescription, webhookEvents, webhookUrl } from '../../http/request/webhook-schemas.ts';
import { NewWebhook } from '../../http/response/webhook-resources.ts';
import { newWebhookSecret } from '../../http/webhook-secret.ts';
import { checkWebhookUrl } from '../../http/webhook-url.ts';

/* Makes a webhook: a URL that is told of each change from now on. Its secret is shown this once. */

export default endpoint(
  {
    operationId: 'create-webhook',
    method: 'post',
    path: '/api/v1/webhooks',
    summary: 'Create a webhook',
    description:
      'From now on the URL is told of each change, signed as [Standard Webhooks](https://www.standardwebhooks.com) says. The secret is in the answer, and nowhere else. A tenant has 20 at most.',
    access: 'admin',
    body: z.strictObject({
      url: webhookUrl,
      events: webhookEvents,
      description: webhookDescription.default(null),
    }),
    example: { url: 'https://example.com/webhooks/onetrip', events: ['task.created', 'comment.*'] },
    success: { status: 201, description: 'The webhook', schema: NewWebhook },
    problems: ['unprocessable'],
  },
  async (c) => {
    const webhook = c.req.valid('json');
    checkWebhookUrl(c, webhook.url);
    const id = uuidv7();
    const secret = await newWebhookSecret(c, id);
    const options = { ...c.var.write, location: `/api/v1/webhooks/${id}` };
    return createWebhook(c.var.db, { id, ...webhook }, secret, options);
  },
);
