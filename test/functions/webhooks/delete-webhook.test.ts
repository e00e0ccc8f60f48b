import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook, takeDeliveries } from './webhook-world.ts';

const api = useApi();

test('deletes a webhook with its deliveries and secrets', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant);
  await tenant.post('/api/v1/tags', { name: 'x' });
  const remove = (headers = {}) => tenant.call(`/api/v1/webhooks/${id}`, { method: 'DELETE', headers });
  expect((await remove({ 'If-Match': '"2.x"' })).status).toBe(412);
  expect((await remove()).status).toBe(204);
  expect((await remove()).status).toBe(404);
  expect(await takeDeliveries(api, tenant)).toEqual([]);
  const { rows } = await api.database.admin.query('select from webhook_secrets where tenant_id = $1', [tenant.id]);
  expect(rows).toEqual([]);
  await tenant.post('/api/v1/tags', { name: 'y' });
  expect(await takeDeliveries(api, tenant)).toEqual([]);
});
