import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, expect, inject, test, vi } from 'vitest';
import { bindingOf } from '../../../dev/build/workers.ts';
import { definitions } from '../../support/examples.ts';

/* The dispatcher, as it is built, before functions that tell what they were asked. How it works with the real ones, the
   API suite shows in the split deployment. */

const { default: dispatcher } = await import(pathToFileURL(join(inject('dist'), 'split', 'onetrip', 'index.js')).href);

let asked: { binding: string; request: Request }[] = [];
const answer = vi.fn(async (_: Request): Promise<Response> => Response.error());

beforeEach(() => {
  asked = [];
  answer.mockReset();
  answer.mockImplementation(async () => new Response('as it is', { status: 207, headers: { ETag: '"x"' } }));
  vi.spyOn(console, 'error').mockImplementation(() => {});
  return () => vi.restoreAllMocks();
});

const services = Object.fromEntries(
  definitions.map(({ operationId: name }) => {
    const binding = bindingOf(name);
    const fetch = async (request: Request) => {
      asked.push({ binding, request });
      return answer(request);
    };
    return [binding, { fetch }];
  }),
);

function call(path: string, init: RequestInit = {}, bindings: object = {}): Promise<Response> {
  const request = new Request(`https://onetrip.test${path}`, init);
  return dispatcher.fetch(request, { LOG_LEVEL: 'warn', ...services, ...bindings });
}

test.each(definitions.map(({ operationId: name, method, path }) => [name, method.toUpperCase(), path] as const))(
  '%s is asked what is its own, and its answer goes back as it is',
  async (name, method, path) => {
    const real = path.replaceAll(/:\w+/g, '01976d5c-0000-7000-8000-000000000001');
    const response = await call(`${real}?a=%C3%A9&a=2`, {
      method,
      headers: { 'X-Request-Id': 'mine', Authorization: 'Bearer x' },
    });
    expect(asked.map(({ binding }) => binding)).toEqual([bindingOf(name)]);
    const { request } = asked[0] as (typeof asked)[number];
    expect([request.method, request.url]).toEqual([method, `https://onetrip.test${real}?a=%C3%A9&a=2`]);
    expect(Object.fromEntries(request.headers)).toEqual({ 'x-request-id': 'mine', authorization: 'Bearer x' });
    expect([response.status, await response.text()]).toEqual([207, 'as it is']);
    expect([...response.headers.keys()].sort()).toEqual(['content-type', 'etag']);
  },
);

test('a body goes through', async () => {
  answer.mockImplementation(async (request) => new Response(await request.text()));
  const response = await call('/api/v1/tags', { method: 'POST', body: '{"name":"é"}' });
  expect(await response.text()).toBe('{"name":"é"}');
});

test('HEAD goes to the function of GET', async () => {
  const response = await call('/api/v1/tags', { method: 'HEAD' });
  expect(asked.map(({ binding, request }) => [binding, request.method])).toEqual([['LIST_TAGS', 'HEAD']]);
  expect([response.status, await response.text()]).toEqual([207, '']);
});

test('a request without a fit id is given one', async () => {
  for (const id of [undefined, 'a b', 'x'.repeat(129)]) {
    await call('/health', { headers: id ? { 'X-Request-Id': id } : {} });
  }
  const ids = asked.map(({ request }) => request.headers.get('X-Request-Id'));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(3);
});

test('what no function serves it answers itself', async () => {
  const nowhere = await call('/api/v1/nowhere');
  expect([nowhere.status, (await nowhere.json()).code]).toEqual([404, 'not_found']);
  const other = await call('/api/v1/tags', { method: 'PUT' });
  expect([other.status, (await other.json()).code]).toEqual([405, 'method_not_allowed']);
  const options = await call('/api/v1/tags', { method: 'OPTIONS' });
  expect([options.status, await options.text()]).toEqual([204, '']);
  for (const { headers } of [other, options]) expect(headers.get('Allow')).toBe('POST, GET, HEAD, OPTIONS');
  for (const { headers } of [nowhere, other, options]) {
    expect(headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  }
  expect(asked).toEqual([]);
});

test('a preflight is answered to the allowed origins', async () => {
  const headers = { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' };
  const preflight = (CORS_ORIGINS: string) => call('/api/v1/tags', { method: 'OPTIONS', headers }, { CORS_ORIGINS });
  const allowed = await preflight('https://app.example.com');
  expect(allowed.headers.get('Access-Control-Allow-Origin')).toBe('https://app.example.com');
  expect(allowed.headers.get('Access-Control-Allow-Methods')).toBe(allowed.headers.get('Allow'));
  const refused = await preflight('');
  expect(refused.headers.get('Access-Control-Allow-Origin')).toBeNull();
  expect(asked).toEqual([]);
});

test.each<[string, object]>([
  ['that throws', {}],
  ['that is not bound', { LIST_TAGS: undefined }],
])('a function %s is 503, once', async (_, bindings) => {
  answer.mockRejectedValue(new Error('select secret from somewhere'));
  const headers = { 'X-Request-Id': 'mine', Origin: 'https://app.example.com' };
  const response = await call('/api/v1/tags', { headers }, { CORS_ORIGINS: headers.Origin, ...bindings });
  expect(response.status).toBe(503);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Retry-After')).toBe('1');
  expect(response.headers.get('X-Request-Id')).toBe('mine');
  expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(response.headers.get('Access-Control-Allow-Origin')).toBe(headers.Origin);
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', status: 503, request_id: 'mine' });
  expect(text).not.toContain('secret');
  expect(asked.length).toBeLessThanOrEqual(1);
  const [line] = vi.mocked(console.error).mock.calls.map(([line]) => line);
  expect(JSON.parse(line)).toMatchObject({ event: 'function_failed', request_id: 'mine', operation_id: 'list-tags' });
  expect(line).not.toContain('secret');
});
