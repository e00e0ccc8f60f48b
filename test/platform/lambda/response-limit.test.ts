import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Bindings } from '../../../src/config/bindings.ts';
import { publicEndpoint } from '../../../src/http/endpoint/public-endpoint.ts';
import { requestContext } from '../../../src/http/endpoint/request-context.ts';
import type { Env } from '../../../src/http/env.ts';
import { lambdaHandler } from '../../../src/platform/lambda/handler.ts';
import { acceptsGzip } from '../../../src/platform/lambda/response-limit.ts';
import { httpEvent } from './events.ts';

/* Responses that are too long for Lambda: its limit is for the whole result as JSON. */

const MAX_RESULT = 6_291_556;
const HEADERS = {
  'Content-Type': 'application/json',
  ETag: '"1.abc"',
  Link: '<https://a/b>; rel="next"',
  Location: '/made',
  'Idempotency-Replayed': 'true',
};

/** A Lambda function whose response is this. */
function respondingWith(status: number, body: string, parameters: string[] = ['limit']) {
  const query = z.object(Object.fromEntries(parameters.map((name) => [name, z.string().optional()])));
  const definition = { operationId: 'long', method: 'get', path: '/long', query } as const;
  const app = new Hono<Env>();
  app.all(
    '/long',
    requestContext({ operationId: 'long', method: 'get', access: 'viewer' }),
    () => new Response(body, { status, headers: HEADERS }),
  );
  return lambdaHandler(Object.assign(app, { definition }), { LOG_LEVEL: 'warn' } as Bindings);
}

/** JSON of so many bytes; every fourth is a quote, which is two in a JSON string. */
const json = (bytes: number) => `[${'"ab",'.repeat(bytes / 5)}0]`;
/** JSON that cannot be compressed by more than a quarter. */
const noise = (bytes: number) => JSON.stringify(randomBytes((bytes * 3) / 4).toString('base64'));

const gzip = { 'accept-encoding': 'gzip, deflate, br' };

async function ask(handler: ReturnType<typeof respondingWith>, method: string, headers = {}, query = '') {
  const result = await handler(httpEvent(method, '/long', { headers: { 'x-request-id': 'r-1', ...headers }, query }));
  expect(Buffer.byteLength(JSON.stringify(result)), 'Lambda takes it').toBeLessThanOrEqual(MAX_RESULT);
  return { ...result, headers: result.headers as Record<string, string> };
}

describe('a read', () => {
  test('that is short goes out as it is', async () => {
    const { statusCode, headers, body } = await ask(respondingWith(200, '[1]'), 'GET', gzip);
    expect({ statusCode, body }).toEqual({ statusCode: 200, body: '[1]' });
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).toMatchObject({ etag: '"1.abc"', vary: 'Authorization, X-Tenant-Token' });
  });

  test.each([100_000, 5_000_000, 8_388_608])('of %i bytes is compressed for who takes that', async (bytes) => {
    const text = json(bytes);
    const { statusCode, headers, body, isBase64Encoded } = await ask(respondingWith(200, text), 'GET', gzip);
    expect({ statusCode, isBase64Encoded }).toEqual({ statusCode: 200, isBase64Encoded: true });
    expect(headers).toMatchObject({
      'content-encoding': 'gzip',
      etag: 'W/"1.abc"',
      'content-type': 'application/json',
    });
    expect(headers.vary).toBe('Authorization, X-Tenant-Token, Accept-Encoding');
    expect(gunzipSync(Buffer.from(body, 'base64')).toString()).toBe(text);
  });

  test('goes out as it is to who does not', async () => {
    const text = json(3_500_000);
    const { statusCode, headers, body } = await ask(respondingWith(200, text), 'GET');
    expect({ statusCode, same: body === text }).toEqual({ statusCode: 200, same: true });
    expect(headers).toMatchObject({ etag: '"1.abc"', vary: 'Authorization, X-Tenant-Token, Accept-Encoding' });
  });

  test.each<[string, string[], string, string]>([
    ['a list', ['limit', 'include', 'task_limit'], '', 'limit'],
    ['a list with tasks', ['limit', 'include', 'task_limit'], 'include=tasks', 'task_limit'],
    ['a project', ['task_limit'], '', 'task_limit'],
    ['a task', ['include'], 'include=subtasks', 'include'],
  ])('that does not fit is 422, and names what to lower: %s', async (_, parameters, query, lower) => {
    for (const [text, headers] of [
      [json(5_000_000), {}],
      [noise(7_500_000), gzip],
    ] as const) {
      const reply = await ask(respondingWith(200, text, parameters), 'GET', headers, query);
      expect(reply.statusCode).toBe(422);
      expect(JSON.parse(reply.body)).toMatchObject({
        code: 'unprocessable',
        request_id: 'r-1',
        detail: `The answer would be too long to send: lower ?${lower}, or accept gzip.`,
        errors: [{ pointer: `?${lower}`, code: 'answer_too_large' }],
      });
      expect(reply.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'x-request-id': 'r-1',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
      for (const name of ['etag', 'link', 'location', 'content-encoding'])
        expect(reply.headers).not.toHaveProperty(name);
    }
  });
});

describe('a write that has been done', () => {
  test.each([
    ['POST', 201, 201, {}],
    ['PATCH', 200, 204, {}],
    ['POST', 200, 204, gzip],
  ])(
    'by %s with %i never becomes an error: %i without its representation',
    async (method, status, expected, headers) => {
      const reply = await ask(respondingWith(status, noise(8_000_000)), method, headers);
      expect({ status: reply.statusCode, body: reply.body }).toEqual({ status: expected, body: '' });
      expect(reply.headers).toMatchObject({
        'preference-applied': 'return=minimal',
        etag: '"1.abc"',
        location: '/made',
        'idempotency-replayed': 'true',
        'x-request-id': 'r-1',
      });
      expect(reply.headers).not.toHaveProperty('content-type');
    },
  );

  test('is compressed as a read is', async () => {
    const { statusCode, headers } = await ask(respondingWith(201, json(7_000_000)), 'POST', gzip);
    expect({ statusCode, coding: headers['content-encoding'] }).toEqual({ statusCode: 201, coding: 'gzip' });
  });
});

test('the limit is used to the full', async () => {
  const text = noise(6 * 1024 * 1024 - 66 * 1024);
  expect((await ask(respondingWith(200, text), 'GET')).statusCode).toBe(200);
});

test('an endpoint without parameters is 422 without a name', async () => {
  const app = publicEndpoint(
    {
      operationId: 'x',
      tag: 'Meta',
      method: 'get',
      path: '/long',
      summary: '',
      description: '',
      access: 'public',
      success: { status: 200, description: '' },
    },
    async () => new Response(json(5_000_000)) as never,
  );
  const { statusCode, body } = await lambdaHandler(app, { LOG_LEVEL: 'warn' } as Bindings)(httpEvent('GET', '/long'));
  expect(statusCode).toBe(422);
  expect(JSON.parse(body)).not.toHaveProperty('errors');
});

test.each<[string | null, boolean]>([
  [null, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['deflate, gzip;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.0, *', false],
  ['*', true],
  ['*;q=0', false],
  ['identity, br', false],
  ['x-gzip', true],
])('Accept-Encoding: %s', (header, accepts) => {
  expect(acceptsGzip(header)).toBe(accepts);
});
