import { expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';

const api = useApi();

test('makes an active tenant, whose token then works', async () => {
  const { status, json, headers } = await api.platform('/api/v1/tenants', { method: 'POST', body: { name: ' Acme ' } });
  expect(status).toBe(201);
  expect(json).toEqual({
    id: expect.any(String),
    name: 'Acme',
    status: 'active',
    created_at: expect.any(String),
    updated_at: json.created_at,
  });
  expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{32}"$/);
  const own = await api.call('/api/v1/tenant', { token: await signToken({ tenant_id: json.id }) });
  expect(own.json).toEqual(json);
});

test.each([
  [{}, '/name'],
  [{ name: 'x', status: 'active' }, '/status'],
  [{ name: null }, '/name'],
])('refuses %j', async (body, pointer) => {
  const reply = await api.platform('/api/v1/tenants', { method: 'POST', body });
  expect(reply).toMatchObject({ status: 400, json: { code: 'validation_failed', errors: [{ pointer }] } });
});
