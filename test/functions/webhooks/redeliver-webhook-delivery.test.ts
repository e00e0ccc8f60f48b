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
    `update webhook_deliveries set status = 'delivered', attempt = 3, next_attempt_at = null, ms = 7, http_status = 200, response = 'ok'
     where tenant_id = $1 returning id`,
    [tenant.id],
  );
  const [{ id }] = rows;
  const redeliver = (webhookId: string) =>
    tenant.call(`/api/v1/webhooks/${webhookId}/deliveries/${id}/redeliver`, { method: 'POST' });
  expect((await redeliver(other.id)).status).toBe(404);
  const { status, json } = await redeliver(webhook.id);
  expect(status).toBe(202);
  // What came of the attempts before says nothing of the one to come.
  const none = { ms: null, http_status: null, response: null, error: null };
  expect(json).toMatchObject({ id, status: 'pending', attempt: 0, next_attempt_at: expect.any(String), ...none });
  const path = `/api/v1/webhooks/${webhook.id}/deliveries`;
  expect((await tenant.get(path)).json.data).toEqual([json]);
  // While it is tried, too, until it is known what came of that; then it is shown.
  await api.database.admin.query('update webhook_deliveries set attempt = 1 where id = $1', [id]);
  expect((await tenant.get(path)).json.data).toMatchObject([{ attempt: 1, ...none }]);
  await api.database.admin.query(`update webhook_deliveries set status = 'failed', error = 'none' where id = $1`, [id]);
  expect((await tenant.get(path)).json.data).toMatchObject([
    { ms: 7, http_status: 200, response: 'ok', error: 'none' },
  ]);
});
