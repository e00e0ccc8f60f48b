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
    ['/', 'GET'],
    ['/api/v1/nothing', 'POST'],
    ['/api/v1/projects/', 'GET'],
    ['/health/x', 'OPTIONS'],
  ] as const) {
    const reply = await api.call(path, { method });
    expect(reply).toMatchObject({ status: 404, json: { code: 'not_found', status: 404 } });
    expect(reply.headers.get('Content-Type')).toBe('application/problem+json');
    expect(reply.json.request_id).toBe(reply.headers.get('X-Request-Id'));
  }
});

test('a known path answers OPTIONS with what it allows, and 405 to the rest, before sign-in', async () => {
  const options = await api.call('/api/v1/projects', { method: 'OPTIONS' });
  expect(options).toMatchObject({ status: 204, text: '' });
  expect(options.headers.get('Allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'OPTIONS', 'POST']);
  for (const method of ['DELETE', 'PUT', 'PATCH']) {
    const reply = await api.call('/api/v1/projects', { method });
    expect(reply).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } });
    expect(reply.headers.get('Allow')).toBe(options.headers.get('Allow'));
  }
});
