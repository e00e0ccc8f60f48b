import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { Bindings } from '../../../src/config/bindings.ts';
import getProject from '../../../src/functions/projects/get-project.ts';
import updateTask from '../../../src/functions/tasks/update-task.ts';
import { publicEndpoint } from '../../../src/http/endpoint/public-endpoint.ts';
import { okResponse } from '../../../src/http/response/responses.ts';
import { lambdaHandler } from '../../../src/platform/lambda/handler.ts';
import { JWT_SECRET, signToken } from '../../support/api.ts';
import { httpEvent } from './events.ts';

/* What reaches a function on Lambda, and what leaves it, where that is more than the API suite sends. */

/** An endpoint that answers with what it was asked. */
const echo = publicEndpoint(
  {
    operationId: 'echo',
    tag: 'Meta',
    method: 'get',
    path: '/echo/:id',
    summary: 'What was asked',
    description: '',
    access: 'public',
    params: z.object({ id: z.string() }),
    query: z.object({ q: z.string().optional() }),
    success: { status: 200, description: 'It', schema: z.unknown() },
  },
  async (c) =>
    okResponse({
      url: c.req.url,
      id: c.req.param('id'),
      q: c.req.query('q'),
      headers: c.req.header(),
      method: c.req.method,
    }),
);
const bindings = { LOG_LEVEL: 'warn' } as Bindings;
const ask = async (...event: Parameters<typeof httpEvent>) => {
  const { statusCode, headers, body, isBase64Encoded } = await lambdaHandler(echo, bindings)(httpEvent(...event));
  return {
    status: statusCode,
    headers: headers as Record<string, string>,
    json: body && JSON.parse(body),
    isBase64Encoded,
  };
};

describe('a request', () => {
  test('is that of the caller', async () => {
    const { status, json, isBase64Encoded } = await ask('GET', '/echo/a', {
      query: 'q=%C3%A9%26',
      headers: { 'x-a': 'b' },
    });
    expect({ status, isBase64Encoded }).toEqual({ status: 200, isBase64Encoded: false });
    expect(json).toMatchObject({ id: 'a', q: 'é&', method: 'GET', headers: { 'x-a': 'b' } });
    expect(json.url).toBe('https://abc.execute-api.eu-central-1.amazonaws.com/echo/a?q=%C3%A9%26');
  });

  test.each([
    ['a?b', 'a?b'],
    ['a#b', 'a#b'],
    ['50%', '50%'],
    ['a\\b', 'a\\b'],
    ['a\tb', 'a\tb'],
    ['é 😀', 'é 😀'],
    ['a%20b', 'a b'],
    ['(a)~b!', '(a)~b!'],
  ])('whose path API Gateway has decoded to %j keeps its end', async (segment, id) => {
    const { status, json } = await ask('GET', `/echo/${segment}`, { query: 'q=1' });
    expect({ status, id: json.id, q: json.q }).toEqual({ status: 200, id, q: '1' });
  });

  test('keeps headers that are empty or beyond ASCII', async () => {
    const { json } = await ask('GET', '/echo/a', { headers: { 'if-match': '', 'idempotency-key': 'é', 'x-a': 'a' } });
    expect(json.headers).toMatchObject({ 'if-match': '', 'idempotency-key': 'Ã©', 'x-a': 'a' });
  });

  test('with a body where none belongs is answered', async () => {
    expect(await ask('GET', '/echo/a', { body: 'eA==', isBase64Encoded: true })).toMatchObject({ status: 200 });
  });

  test('HEAD answers as GET, without a body', async () => {
    const { status, json, headers } = await ask('HEAD', '/echo/a');
    expect({ status, json }).toEqual({ status: 200, json: '' });
    expect(headers['content-type']).toBe('application/json');
  });

  test('that the function does not serve is 404 or 405', async () => {
    expect(await ask('GET', '/elsewhere')).toMatchObject({ status: 404, json: { code: 'not_found' } });
    expect(await ask('PUT', '/echo/a', { body: '{}' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
  });
});

describe('what the contract asks of headers', () => {
  const good = { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', JWT_SECRET, LOG_LEVEL: 'warn' } as Bindings;
  const patch = async (headers: Record<string, string>) => {
    const authorization = `Bearer ${await signToken({ tenant_id: crypto.randomUUID() })}`;
    const path = '/api/v1/tasks/01976d5c-0000-7000-8000-000000000001';
    const event = httpEvent('PATCH', path, {
      headers: { authorization, 'content-type': 'application/json', ...headers },
      body: '{"title":"x"}',
    });
    const { statusCode, body } = await lambdaHandler(updateTask, good)(event);
    return [statusCode, JSON.parse(body).code];
  };

  test('an idempotency key that is empty or beyond ASCII is refused, not left out', async () => {
    expect(await patch({ 'idempotency-key': '' })).toEqual([400, 'invalid_request']);
    expect(await patch({ 'idempotency-key': 'clé' })).toEqual([400, 'invalid_request']);
  });

  test('an empty token is none', async () => {
    const { statusCode } = await lambdaHandler(
      getProject,
      good,
    )(httpEvent('GET', '/api/v1/projects/01976d5c-0000-7000-8000-000000000001', { headers: { 'x-tenant-token': '' } }));
    expect(statusCode).toBe(401);
  });
});

test('a configuration that is wrong is 503, and one clear line in the log', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const bindings = { DATABASE_URL: 'mysql://a@b/c', JWT_SECRET, LOG_LEVEL: 'warn' };
  const event = httpEvent('GET', '/api/v1/projects/x', { headers: { 'x-tenant-token': 'a.b.c' } });
  const { statusCode, headers } = await lambdaHandler(getProject, bindings)(event);
  expect({ statusCode, retry: headers?.['retry-after'] }).toEqual({ statusCode: 503, retry: '60' });
  expect(log).toHaveBeenCalledTimes(1);
  expect(log).toHaveBeenCalledWith(expect.stringContaining('DATABASE_URL must be a postgres:// URL'));
  log.mockRestore();
});
