import * as z from 'zod';
import { updateWebhook } from '../../db/queries/webhooks/update-webhook.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';
import { webhookDescription, webhookEvents, webhookStatus, webhookUrl } from '../../http/request/webhook-schemas.ts';
import { Webhook } from '../../http/response/webhook-resources.ts';
import { checkWebhookUrl } from '../../http/webhook-url.ts';

/* Changes a webhook: a merge patch (RFC 7396). One that is resumed goes on where it stopped. */

export default endpoint(
  {
    operationId: 'update-webhook',
    method: 'patch',
    path: '/api/v1/webhooks/:id',
    summary: 'Change a webhook',
    description:
      'A merge patch: absent keeps, null clears. What changes while it is paused is kept for 30 days, and sent once its status is `active` again, in order.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    body: z.strictObject({
      url: webhookUrl.optional(),
      events: webhookEvents.optional(),
      description: webhookDescription.optional(),
      status: webhookStatus.optional(),
    }),
    example: { status: 'active' },
    ifMatch: true,
    success: { status: 200, description: 'The webhook', schema: Webhook },
    problems: ['not_found'],
  },
  async (c) => {
    const patch = c.req.valid('json');
    checkWebhookUrl(c, patch.url);
    return updateWebhook(c.var.db, c.req.valid('param').id, patch, c.var.write);
  },
);
