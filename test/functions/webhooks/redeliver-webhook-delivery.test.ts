import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeDeliveries, makeWebhook } from './webhook-world.ts';

/* That it arrives again is in test/webhooks/deliver.test.ts. */

const api = useApi();

test('makes a delivery due again, whatever has come of it', async () => {
  const tenant = await api.tenant();
  const [webhook, other] = [
    await makeWebhook(tenant, { events: ['tag.created'] }),
    await makeWebhook(tenant, { events: ['project.*'] }),
  ];
  await tenant.post('/api/v1/tags', { name: 'a' });
  await makeDeliveries(api, tenant);
  const { rows } = await api.database.admin.query(
    `update webhook_deliveries set status = 'delivered', attempt = 3, next_attempt_at = null, http_status = 200
     where tenant_id = $1 returning id`,
    [tenant.id],
  );
  const [{ id }] = rows;
  const redeliver = (webhookId: string) =>
    tenant.call(`/api/v1/webhooks/${webhookId}/deliveries/${id}/redeliver`, { method: 'POST' });
  expect((await redeliver(other.id)).status).toBe(404);
  const { status, json } = await redeliver(webhook.id);
  expect(status).toBe(202);
  expect(json).toMatchObject({ id, status: 'pending', attempt: 0, next_attempt_at: expect.any(String) });
});
