import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook } from './webhook-world.ts';

const api = useApi();

test('lists webhooks, newest first, by status, without their secrets', async () => {
  const tenant = await api.tenant();
  const [first, second] = [await makeWebhook(tenant), await makeWebhook(tenant)];
  await tenant.call(`/api/v1/webhooks/${first.id}`, { method: 'PATCH', body: { status: 'paused' } });
  const { json, text } = await tenant.get('/api/v1/webhooks?count=true');
  expect(json.data.map(({ id }: { id: string }) => id)).toEqual([second.id, first.id]);
  expect(json.page.total).toBe(2);
  expect(text).not.toContain('whsec_');
  const paused = await tenant.get('/api/v1/webhooks?status=paused&fields=id,status');
  expect(paused.json.data).toEqual([{ id: first.id, status: 'paused' }]);
});
