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

test('in batches where it has many deliveries', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant);
  await api.database.admin.query(
    `insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body)
     select $1, $2, 'tag.created', 'tag', $2, '{}' from generate_series(1, 10001)`,
    [tenant.id, id],
  );
  const removed = await tenant.call(`/api/v1/webhooks/${id}`, { method: 'DELETE', headers: { 'If-Match': '"1.x"' } });
  expect(removed.status).toBe(204);
  // One that finds too many and one that deletes 5 000 of them, twice, and the last.
  expect(removed.headers.get('Server-Timing')).toContain('5 round trips"');
  expect(await takeDeliveries(api, tenant)).toEqual([]);
});
