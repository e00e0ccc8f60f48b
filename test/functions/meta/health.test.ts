import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('answers without the database', async () => {
  const before = api.database.endpoint.requests;
  const { status, json, headers } = await api.call('/health');
  expect(status).toBe(200);
  expect(json).toEqual({ status: 'ok' });
  expect(headers.get('Server-Timing')).toBeNull();
  expect(api.database.endpoint.requests).toBe(before);
});

test('an incoming request id is echoed, another is replaced', async () => {
  const echoed = await api.call('/health', { headers: { 'X-Request-Id': 'my-id_1.2' } });
  expect(echoed.headers.get('X-Request-Id')).toBe('my-id_1.2');
  for (const id of ['a b', 'x'.repeat(129), 'é']) {
    const replaced = (await api.call('/health', { headers: { 'X-Request-Id': id } })).headers.get('X-Request-Id');
    expect(replaced).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('refuses parameters that it does not know', async () => {
  expect((await api.call('/health?x=1')).json.errors).toMatchObject([{ pointer: '?x' }]);
});
