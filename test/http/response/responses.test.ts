import { expect, test } from 'vitest';
import { app } from '../../../src/functions/index.ts';
import { useApi } from '../../support/api.ts';

/* Headers of responses that do not depend on where the API runs. */

const api = useApi();

test('no header repeats the host that a request names', async () => {
  const tenant = await api.tenant();
  for (const name of ['a', 'b']) await tenant.post('/api/v1/tags', { name });
  const headers = {
    Authorization: `Bearer ${await tenant.token()}`,
    'Content-Type': 'application/json',
    Host: 'evil.example',
    'X-Forwarded-Host': 'evil.example',
  };
  const ask = (path: string, init: RequestInit = {}) =>
    app.request(`https://evil.example${path}`, { headers, ...init }, api.bindings);
  for (const response of [
    await ask('/api/v1/tags?limit=1&q=a%20b'),
    await ask('/api/v1/tags?limit=1&skip=0&sort=-name'),
    await ask('/api/v1/projects', { method: 'POST', body: '{"name":"x"}' }),
    await ask('/api/v1/nowhere'),
  ]) {
    expect(JSON.stringify([...response.headers])).not.toContain('evil');
  }
  const { headers: listed } = await ask('/api/v1/tags?limit=1&skip=0&sort=-name');
  expect(listed.get('Link')).toMatch(/^<\/api\/v1\/tags\?limit=1&sort=-name&cursor=[\w.-]+>; rel="next"$/);
  const { headers: made } = await ask('/api/v1/tags', { method: 'POST', body: '{"name":"x"}' });
  expect(made.get('Location')).toMatch(/^\/api\/v1\/tags\/[0-9a-f-]{36}$/);
});

test('problems are stored by nobody, what a tenant sees by no shared cache', async () => {
  const tenant = await api.tenant();
  const caching = async (...call: Parameters<typeof tenant.call>) => {
    const { status, headers } = await tenant.call(...call);
    return [status, headers.get('Cache-Control'), headers.get('Vary')];
  };
  const vary = 'Authorization, X-Tenant-Token';
  expect(await caching('/api/v1/tags')).toEqual([200, 'private, no-cache', vary]);
  expect(await caching('/health')).toEqual([200, 'no-cache', null]);
  expect(await caching('/health?x=1')).toEqual([400, 'no-store', null]);
  expect(await caching('/api/v1/tags?limit=0')).toEqual([400, 'no-store', vary]);
  expect(await caching('/api/v1/tags', { token: 'x' })).toEqual([401, 'no-store', vary]);
  expect(await caching('/api/v1/tenants')).toEqual([403, 'no-store', vary]);
  expect(await caching(`/api/v1/tags/${crypto.randomUUID()}`)).toEqual([404, 'no-store', vary]);
  expect(await caching('/api/v1/nowhere')).toEqual([404, 'no-store', null]);
  expect(await caching('/api/v1/tags', { method: 'PUT' })).toEqual([405, 'no-store', null]);
  expect(await caching('/api/v1/tags', { method: 'OPTIONS' })).toEqual([204, 'no-store', null]);
});
