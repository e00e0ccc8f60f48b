import { expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { UNKNOWN } from '../../support/replies.ts';

const api = useApi();

test('the caller’s own, whichever the role', async () => {
  const tenant = await api.tenant('Mine');
  await api.tenant('Other');
  const { json, headers } = await tenant.get('/api/v1/tenant', { role: 'viewer' });
  expect(json).toMatchObject({ id: tenant.id, name: 'Mine', status: 'active' });
  const again = await tenant.get('/api/v1/tenant', { headers: { 'If-None-Match': headers.get('ETag') ?? '' } });
  expect(again.status).toBe(304);
});

test('a tenant that was never made is 403', async () => {
  const token = await signToken({ tenant_id: UNKNOWN });
  expect(await api.call('/api/v1/tenant', { token })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
});
