import { expect, test } from 'vitest';
import { useApi } from '../../support/api.ts';

const api = useApi();

test('the document, for everybody', async () => {
  const { status, json } = await api.call('/api/v1/openapi.json');
  expect(status).toBe(200);
  expect(json.openapi).toBe('3.1.0');
  expect(Object.keys(json.paths)).toContain('/api/v1/projects/{id}');
});

test('an unknown path is 404, whatever the method, and a problem', async () => {
  for (const [path, method] of [
    ['/api/v1/nothing', 'POST'],
    ['/api/v1/projects//', 'GET'],
    ['/api/v1//projects', 'GET'],
    ['//api/v1/projects', 'GET'],
    ['/health/x', 'OPTIONS'],
  ] as const) {
    const reply = await api.call(path, { method });
    expect(reply).toMatchObject({ status: 404, json: { code: 'not_found', status: 404 } });
    expect(reply.headers.get('Content-Type')).toBe('application/problem+json');
    expect(reply.headers.get('Cache-Control')).toBe('no-store');
    expect(reply.json.request_id).toBe(reply.headers.get('X-Request-Id'));
  }
});

test('a known path answers OPTIONS with what it allows, and 405 to the rest, before sign-in', async () => {
  const options = await api.call('/api/v1/projects', { method: 'OPTIONS' });
  expect(options).toMatchObject({ status: 204, text: '' });
  expect(options.headers.get('Cache-Control')).toBe('no-store');
  expect(options.headers.get('Allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
  for (const method of ['DELETE', 'PUT', 'PATCH']) {
    const reply = await api.call('/api/v1/projects', { method });
    expect(reply).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } });
    expect(reply.headers.get('Allow')).toBe(options.headers.get('Allow'));
    expect(reply.headers.get('Cache-Control')).toBe('no-store');
  }
});

test('one trailing slash is ignored, whatever the method, and nobody is sent elsewhere', async () => {
  const tenant = await api.tenant();
  expect(await api.call('/health/')).toMatchObject({ status: 200, json: { status: 'ok' } });
  expect(await api.call('/api/v1/tags/')).toMatchObject({ status: 401 });
  expect(await api.call('/api/v1/tags/', { method: 'PUT' })).toMatchObject({ status: 405 });
  expect(await api.call('/api/v1/tags/', { method: 'OPTIONS' })).toMatchObject({ status: 204 });
  const keyed = { headers: { 'Idempotency-Key': 'slash' } };
  const made = await tenant.post('/api/v1/tags/', { name: 'a' }, keyed);
  expect(made).toMatchObject({ status: 201, json: { name: 'a' } });
  // It is the same request without it.
  const again = await tenant.post('/api/v1/tags', { name: 'a' }, keyed);
  expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([201, 'true']);
  expect(await tenant.get(`/api/v1/tags/${made.json.id}/`)).toMatchObject({ status: 200, json: made.json });
  await tenant.post('/api/v1/tags', { name: 'b' });
  const { json, headers } = await tenant.get('/api/v1/tags/?limit=1');
  expect(headers.get('Link')).toBe(`</api/v1/tags?limit=1&cursor=${json.page.next_cursor}>; rel="next"`);
});
