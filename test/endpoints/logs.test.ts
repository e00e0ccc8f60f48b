import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { app } from '../../src/functions/index.ts';
import { signToken, useApi } from '../support/api.ts';
import { insertApiKey } from '../support/api-keys.ts';
import { isSpread } from '../support/database.ts';
import { callExample, definitions, makeWorld } from '../support/examples.ts';

/* What the log says of a request, and what it must never say. It is read in this process, where a test can. */

const lines: string[] = [];
const events = (event: string) => lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

beforeEach(() => {
  lines.length = 0;
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line));
  }
  return () => vi.restoreAllMocks();
});

describe('the log', () => {
  const api = useApi({ bindings: { LOG_LEVEL: 'info', SLOW_QUERY_MS: '0' } });

  test('has one line for each request, and names a slow query', async () => {
    const tenant = await api.tenant();
    const { json } = await tenant.post('/api/v1/projects', { name: 'x' }, { headers: { 'X-Request-Id': 'first' } });
    expect(events('request')).toEqual([
      {
        level: 'info',
        event: 'request',
        request_id: 'first',
        tenant: tenant.id,
        operation_id: 'create-project',
        method: 'POST',
        status: 201,
        ms: expect.any(Number),
        db_ms: expect.any(Number),
        round_trips: 1,
        rows: expect.any(Number),
      },
    ]);
    expect(events('slow_query')).toEqual([
      {
        level: 'warn',
        event: 'slow_query',
        request_id: 'first',
        tenant: tenant.id,
        operation_id: 'create-project',
        db_ms: expect.any(Number),
        statements: expect.any(Number),
      },
    ]);
    lines.length = 0;
    await tenant.get(`/api/v1/projects/${json.id}?task_limit=x`);
    await tenant.get('/api/v1/nowhere');
    await api.call('/api/v1/projects', { token: 'a.b.c' });
    expect(events('request')).toMatchObject([
      { tenant: tenant.id, operation_id: 'get-project', status: 400, round_trips: 0, rows: 0, db_ms: 0 },
      { tenant: null, operation_id: null, status: 404 },
      { tenant: null, operation_id: 'list-projects', status: 401, round_trips: 0 },
    ]);
    expect(events('slow_query')).toEqual([]);
  });

  test('at the level warn has none for requests', async () => {
    const { id } = await api.tenant();
    const headers = { Authorization: `Bearer ${await signToken({ tenant_id: id })}` };
    await app.request('/api/v1/tags', { headers }, { ...api.bindings, LOG_LEVEL: 'warn' });
    expect(events('slow_query')).toHaveLength(1);
    expect(events('request')).toEqual([]);
  });

  test.each(definitions.map((definition) => [definition.operationId, definition] as const))(
    '%s logs no token, no body and no value of a row',
    async (_, definition) => {
      const world = await makeWorld(api, definition);
      const token = await (definition.access === 'platform'
        ? signToken({ role: 'platform', sub: 'marker-actor' })
        : world.tenant.token('admin', 'marker-actor'));
      const headers = { 'Idempotency-Key': 'marker-key' };
      const apiKey = await insertApiKey(api, world.tenant, { role: 'admin' });
      const broken = definition.method === 'get' ? {} : { body: '{"name":"marker-broken' };
      lines.length = 0;
      const replies = [
        await callExample(api, definition, world, { token, headers }),
        await callExample(api, definition, world, { token, headers }),
        await callExample(api, definition, world, { token, ...broken }),
        await callExample(api, definition, world, { token: `${token}x` }),
        await callExample(api, definition, world, { token: apiKey.key }),
        await callExample(api, definition, world, { token: apiKey.key, ...broken }),
        await callExample(api, definition, world, { token: `${apiKey.key}x` }),
      ];
      const keys = [apiKey.key, ...replies.flatMap(({ json }) => json?.key ?? [])];
      // A message of the Model Context Protocol has a line of its own beside that of the endpoint which it asks.
      const own = events('request').filter(({ operation_id }) => operation_id === definition.operationId);
      expect(own).toHaveLength(replies.length);
      const log = lines.join('\n');
      const said = [...token.split('.').slice(1), world.project, world.task, world.tag, 'Website', 'Sketch', 'marker'];
      for (const value of said) expect(log).not.toContain(value);
      // Of a key, what says whose it is is no secret, but in no log either.
      for (const part of keys.flatMap((key) => key.slice(3).split('_'))) expect(log).not.toContain(part);
      if (definition.operationId === 'create-api-key') expect(keys.length).toBeGreaterThan(1);
    },
  );
});

describe('what goes wrong', () => {
  const api = useApi({ bindings: { LOG_LEVEL: 'info' } });
  let answer = { status: 200, body: '' };
  let forward = false;
  let headers: Record<string, unknown> = {};
  let server: Server;
  let bindings: typeof api.bindings;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      headers = request.headers;
      if (!forward) return response.writeHead(answer.status).end(answer.body);
      const { host: _, connection: __, ...rest } = request.headers as Record<string, string>;
      const body = await buffer(request);
      const reply = await fetch(api.database.endpoint.url, { method: 'POST', headers: rest, body });
      response.writeHead(reply.status, { 'Content-Type': 'application/json' }).end(await reply.text());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    bindings = { ...api.bindings, NEON_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' && address?.port}/` };
  });
  afterAll(() => server.close());

  const get = async (path: string, more: Record<string, string> = {}) => {
    const { id } = await api.tenant();
    const Authorization = `Bearer ${await signToken({ tenant_id: id })}`;
    return app.request(path, { headers: { Authorization, ...more } }, bindings);
  };

  test.each([
    ['JSON that is cut off', 200, '{"results":[{"rows":[{"body":"marker', 'SyntaxError'],
    ['a page of some proxy', 502, '<html>marker</html>', '(HTTP status 502)'],
    ['another error of the endpoint', 500, '{"message":"marker"}', '(HTTP status 500)'],
    ['a code that is none', 500, '{"message":"","code":"marker"}', '(HTTP status 500)'],
    [
      'a wrong password',
      400,
      `{"message":"password authentication failed for user 'marker'","code":"","severity":""}`,
      'NeonDbError: password authentication failed',
    ],
    [
      'a cancelled request',
      400,
      '{"message":"Query cancelled, connection was terminated","code":"08P01"}',
      'NeonDbError 08P01: Query cancelled, connection was terminated',
    ],
  ])('%s is logged without a word of it', async (_, status, body, reason) => {
    forward = false;
    answer = { status, body };
    expect((await get('/api/v1/tags')).status).toBe(503);
    // Of several databases, each that is asked says it.
    const errors = events('database_error');
    expect(errors.length).toBeLessThanOrEqual(isSpread() ? 4 : 1);
    for (const error of errors) expect(error).toMatchObject({ level: 'error', operation_id: 'list-tags', reason });
    expect(errors).not.toEqual([]);
    expect(lines.join('\n')).not.toContain('marker');
  });

  test('an error of PostgreSQL’s is logged by its SQLSTATE alone', async () => {
    await api.database.admin.query('alter table tags rename to marker');
    forward = true;
    expect((await get('/api/v1/tags')).status).toBe(503);
    await api.database.admin.query('alter table marker rename to tags');
    expect(events('database_error')).toEqual([
      {
        level: 'error',
        event: 'database_error',
        request_id: expect.any(String),
        tenant: expect.any(String),
        operation_id: 'list-tags',
        sqlstate: '42P01',
        host: new URL(bindings.NEON_ENDPOINT ?? '').host,
        ...(isSpread() ? { shard: expect.any(String) } : {}),
      },
    ]);
  });

  test('a trace is taken in and passed on, with a span of its own', async () => {
    forward = true;
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    const span = '00f067aa0ba902b7';
    expect((await get('/api/v1/tags', { traceparent: `00-${id}-${span}-01` })).status).toBe(200);
    expect(events('request')).toMatchObject([{ trace_id: id }]);
    expect(headers.traceparent).toMatch(new RegExp(`^00-${id}-[0-9a-f]{16}-01$`));
    expect(headers.traceparent).not.toContain(span);
  });

  test.each([
    '',
    'x',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more',
  ])('%j is no trace', async (traceparent) => {
    forward = true;
    expect((await get('/api/v1/tags', { traceparent })).status).toBe(200);
    expect(events('request')[0]).not.toHaveProperty('trace_id');
    expect(headers).not.toHaveProperty('traceparent');
  });
});
