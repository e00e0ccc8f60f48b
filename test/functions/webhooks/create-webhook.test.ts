import { describe, expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';
import { makeWebhook } from './webhook-world.ts';

const api = useApi();
const url = 'https://example.com/hook';

test('shows the secret once, and stores it encrypted', async () => {
  const tenant = await api.tenant();
  const headers = { 'Idempotency-Key': 'one' };
  const body = { url, events: ['task.created', 'comment.*'], description: 'For the chat' };
  const first = await tenant.post('/api/v1/webhooks', body, { headers });
  expect(first.status).toBe(201);
  const { secret, ...webhook } = first.json;
  expect(secret).toMatch(/^whsec_/);
  expect(webhook).toMatchObject({ ...body, status: 'active', paused_reason: null, version: 1, last_delivery: null });
  expect(first.headers.get('Location')).toBe(`/api/v1/webhooks/${webhook.id}`);
  expect((await tenant.get(`/api/v1/webhooks/${webhook.id}`)).json).toEqual(webhook);

  const again = await tenant.post('/api/v1/webhooks', body, { headers });
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  expect(again.json).toEqual({ ...webhook, secret: null });

  const { rows } = await api.database.admin.query(
    `select row_to_json(w)::text || s.sealed || coalesce(k.body, '') as text
     from webhooks as w join webhook_secrets as s on s.webhook_id = w.id join idempotency_keys as k on k.tenant_id = w.tenant_id
     where w.tenant_id = $1`,
    [tenant.id],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].text).not.toContain(secret.slice(6));
  const log = await tenant.get('/api/v1/audit-log?resource_type=webhook');
  expect(log.json.data).toMatchObject([{ action: 'insert', resource_id: webhook.id, changes: { url: [null, url] } }]);
});

test('a tenant has 20 at most, also when requests meet', async () => {
  const tenant = await api.tenant();
  for (let n = 0; n < 17; n++) await makeWebhook(tenant);
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => tenant.post('/api/v1/webhooks', { url, events: ['*'] })),
  );
  expect(replies.map(({ status }) => status).sort()).toEqual([201, 201, 201, 422, 422, 422]);
});

describe('refuses', () => {
  test.each([
    ['a URL that is not https', { url: 'http://example.com/' }, '/url', 'invalid_format'],
    ['http to this machine, which only development has', { url: 'http://localhost:8080/' }, '/url', 'invalid_format'],
    ['a private address', { url: 'https://10.0.0.1/' }, '/url', 'not_public'],
    ['an unknown event', { events: ['task.exploded'] }, '/events/0', 'invalid_value'],
    ['no event', { events: [] }, '/events', 'too_short'],
    ['an event twice', { events: ['*', '*'] }, '/events', 'duplicate'],
  ])('%s', async (_, wrong, pointer, code) => {
    const tenant = await api.tenant();
    const { status, json } = await tenant.post('/api/v1/webhooks', { url, events: ['*'], ...wrong });
    expect([status, json.errors?.[0]]).toEqual([400, expect.objectContaining({ pointer, code })]);
  });
});

describe('without WEBHOOK_KEYS', () => {
  const bare = useApi({ bindings: { WEBHOOK_KEYS: '' } });

  test('is 503, and everything else goes on', async () => {
    const tenant = await bare.tenant();
    const reply = await tenant.post('/api/v1/webhooks', { url, events: ['*'] });
    expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } });
    expect(reply.headers.get('Retry-After')).toBe('60');
    expect((await tenant.get('/api/v1/webhooks')).status).toBe(200);
  });
});
