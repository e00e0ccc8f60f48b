import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeDeliveries, makeWebhook } from './webhook-world.ts';

/* What attempts make of them is in test/webhooks/deliver.test.ts. */

const api = useApi();

test('lists what a webhook is to be sent, newest first', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant);
  await makeWebhook(tenant, { events: ['project.created'] });
  const { json: tag } = await tenant.post('/api/v1/tags', { name: 'a' });
  await tenant.call(`/api/v1/tags/${tag.id}`, { method: 'PATCH', body: { name: 'b' } });
  await makeDeliveries(api, tenant);
  const { json } = await tenant.get(`/api/v1/webhooks/${id}/deliveries?limit=1`);
  expect(json.data).toEqual([
    {
      ...{ id: expect.any(String), event: 'tag.updated', resource_id: tag.id, attempt: 0, status: 'pending', ms: null },
      ...{
        http_status: null,
        response: null,
        error: null,
        at: expect.any(String),
        // It is due once the first one has arrived.
        next_attempt_at: null,
      },
    },
  ]);
  const next = await tenant.get(`/api/v1/webhooks/${id}/deliveries?limit=1&cursor=${json.page.next_cursor}`);
  expect(next.json).toMatchObject({
    data: [{ event: 'tag.created', next_attempt_at: expect.any(String) }],
    page: { has_more: false },
  });
  expect((await tenant.get(`/api/v1/webhooks/${id}/deliveries?status=delivered`)).json.data).toEqual([]);
  expect((await tenant.get(`/api/v1/webhooks/${tag.id}/deliveries`)).status).toBe(404);
});
