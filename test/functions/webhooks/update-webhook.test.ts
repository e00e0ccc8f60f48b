import { expect, test } from 'vitest';
import { type TestTenant, useApi } from '../../support/api.ts';
import { makeWebhook, takeDeliveries } from './webhook-world.ts';

const api = useApi();

const patch = (tenant: TestTenant, id: string, body: unknown, headers: Record<string, string> = {}) =>
  tenant.call(`/api/v1/webhooks/${id}`, { method: 'PATCH', body, headers });

test('changes what the patch names', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant);
  const { json } = await patch(tenant, id, { url: 'https://example.com/other', description: 'x' });
  expect(json).toMatchObject({ url: 'https://example.com/other', description: 'x', events: ['*'], version: 2 });
  expect((await patch(tenant, id, { description: 'x' })).json.version).toBe(2);
  expect((await patch(tenant, id, { url: 'https://127.0.0.1/' })).status).toBe(400);
  expect((await patch(tenant, id, { description: null }, { 'If-Match': '"1.x"' })).status).toBe(412);
  await patch(tenant, id, { events: ['tag.created'] });
  await takeDeliveries(api, tenant);
  await tenant.post('/api/v1/projects', { name: 'x' });
  await tenant.post('/api/v1/tags', { name: 'x' });
  expect((await takeDeliveries(api, tenant)).map(({ event }) => event)).toEqual(['tag.created']);
});

test('pauses and resumes; what changes meanwhile is kept', async () => {
  const tenant = await api.tenant();
  const { id } = await makeWebhook(tenant);
  const paused = await patch(tenant, id, { status: 'paused' });
  expect(paused.json).toMatchObject({ status: 'paused', paused_reason: 'It was paused by a request.' });
  await tenant.post('/api/v1/tags', { name: 'x' });
  expect((await patch(tenant, id, { status: 'active' })).json).toMatchObject({ status: 'active', paused_reason: null });
  expect(await takeDeliveries(api, tenant)).toMatchObject([{ event: 'tag.created', status: 'pending' }]);
});
