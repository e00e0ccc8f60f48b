import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook } from './webhook-world.ts';

/* That both secrets sign for a day is in test/webhooks/deliver.test.ts. */

const api = useApi();

test('gives another secret, counts as a change, and all sign on for a day, but five at most', async () => {
  const tenant = await api.tenant();
  const { id, secret } = await makeWebhook(tenant);
  const rotate = (headers = {}) => tenant.call(`/api/v1/webhooks/${id}/rotate-secret`, { method: 'POST', headers });
  const first = await rotate({ 'If-Match': '"1.x"', 'Idempotency-Key': 'k' });
  expect(first).toMatchObject({ status: 200, json: { secret: expect.stringMatching(/^whsec_/) } });
  expect(first.json.secret).not.toBe(secret);
  expect(first.headers.get('ETag')).toMatch(/^"2\./);
  expect((await rotate({ 'If-Match': '"1.x"', 'Idempotency-Key': 'k' })).json).toEqual({ secret: null });
  expect((await rotate({ 'If-Match': '"1.x"' })).status).toBe(412);
  const secrets = async () => {
    const { rows } = await api.database.admin.query(
      'select id, expires_at from webhook_secrets where webhook_id = $1 order by id',
      [id],
    );
    return rows as { id: string; expires_at: Date | null }[];
  };
  const before = await secrets();
  await rotate();
  // The end of the first one stays where it was.
  expect(await secrets()).toMatchObject([before[0], { expires_at: expect.any(Date) }, { expires_at: null }]);
  await rotate();
  await rotate();
  const five = await secrets();
  await rotate();
  expect((await secrets()).map((one) => one.id).slice(0, 4)).toEqual(five.map((one) => one.id).slice(1));
  expect(await secrets()).toHaveLength(5);
  await api.database.admin.query(
    `update webhook_secrets set expires_at = now() where webhook_id = $1 and expires_at is not null`,
    [id],
  );
  await rotate();
  expect(await secrets()).toHaveLength(2);
  const { json } = await tenant.get('/api/v1/audit-log?resource_type=webhook&action=update');
  expect(Object.keys(json.data[0].changes)).toEqual(['secret_rotated_at']);
});
