import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook } from './webhook-world.ts';

const api = useApi();

test('shows a webhook without its secret', async () => {
  const tenant = await api.tenant();
  const { secret: _, ...webhook } = await makeWebhook(tenant);
  const { status, json, headers } = await tenant.get(`/api/v1/webhooks/${webhook.id}`);
  expect([status, json]).toEqual([200, webhook]);
  const known = await tenant.get(`/api/v1/webhooks/${webhook.id}`, {
    headers: { 'If-None-Match': headers.get('ETag') ?? '' },
  });
  expect(known.status).toBe(304);
});

test('is 404 for one that does not exist', async () => {
  const tenant = await api.tenant();
  const { status } = await tenant.get('/api/v1/webhooks/01976d5c-7b1e-7c3a-9f00-3c1d2e4f5a6b');
  expect(status).toBe(404);
});
