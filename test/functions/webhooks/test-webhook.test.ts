import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook, takeDeliveries } from './webhook-world.ts';

/* That it arrives is in test/webhooks/deliver.test.ts. */

const api = useApi();

test('has a webhook sent webhook.test, whatever events it takes', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant, { events: ['tag.deleted'] });
  const { status, json } = await tenant.call(`/api/v1/webhooks/${id}/test`, { method: 'POST' });
  expect(status).toBe(202);
  expect(json).toMatchObject({ event: 'webhook.test', resource_id: id, status: 'pending', attempt: 0 });
  const [delivery] = await takeDeliveries(api, tenant);
  expect(delivery).toMatchObject({ id: json.id, body: { type: 'webhook.test', data: { resource: { id } } } });
});
