import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook } from './webhook-world.ts';

/* That both secrets sign for a day is in test/webhooks/deliver.test.ts. */

const api = useApi();

test('gives another secret, counts as a change, and keeps the last two', async () => {
  const tenant = await api.tenant();
  const { id, secret } = await makeWebhook(tenant);
  const rotate = (headers = {}) => tenant.call(`/api/v1/webhooks/${id}/rotate-secret`, { method: 'POST', headers });
  const first = await rotate({ 'If-Match': '"1.x"', 'Idempotency-Key': 'k' });
  expect(first).toMatchObject({ status: 200, json: { secret: expect.stringMatching(/^whsec_/) } });
  expect(first.json.secret).not.toBe(secret);
  expect(first.headers.get('ETag')).toMatch(/^"2\./);
  expect((await rotate({ 'If-Match': '"1.x"', 'Idempotency-Key': 'k' })).json).toEqual({ secret: null });
  expect((await rotate({ 'If-Match': '"1.x"' })).status).toBe(412);
  await rotate();
  const { rows } = await api.database.admin.query(
    'select expires_at is null as signs_on from webhook_secrets where webhook_id = $1 order by id',
    [id],
  );
  expect(rows).toEqual([{ signs_on: false }, { signs_on: true }]);
  const { json } = await tenant.get('/api/v1/audit-log?resource_type=webhook&action=update');
  expect(Object.keys(json.data[0].changes)).toEqual(['secret_rotated_at']);
});
