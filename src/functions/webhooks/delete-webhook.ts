import * as z from 'zod';
import { deleteWebhook } from '../../db/queries/webhooks/delete-webhook.ts';
import { endpoint } from '../../http/endpoint/endpoint.ts';
import { guid } from '../../http/request/schemas.ts';

/* Deletes a webhook, for good, with what it has not been sent yet. */

export default endpoint(
  {
    operationId: 'delete-webhook',
    method: 'delete',
    path: '/api/v1/webhooks/:id',
    summary: 'Delete a webhook',
    description: 'For good, with its deliveries: what it has not been sent yet is not sent.',
    access: 'admin',
    params: z.strictObject({ id: guid }),
    ifMatch: true,
    success: { status: 204, description: 'The webhook is deleted' },
    problems: ['not_found'],
  },
  async (c) => {
    return deleteWebhook(c.var.db, c.req.valid('param').id, c.var.write);
  },
);
