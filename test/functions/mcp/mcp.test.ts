import { describe, expect, inject, test, vi } from 'vitest';
import { app } from '../../../src/functions/index.ts';
import { tools } from '../../../src/functions/mcp/tools/tools.ts';
import { type Reply, signToken, useApi } from '../../support/api.ts';
import { insertApiKey } from '../../support/api-keys.ts';
import { callTool, connect, MODES, problemIn, send } from '../../support/mcp.ts';

const api = useApi({ bindings: { CORS_ORIGINS: 'https://assistant.example.com' } });
const asked = () => api.database.endpoint.requests;
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe.each(MODES.map((mode) => [typeof mode === 'string' ? mode : mode.pin, mode] as const))(
  'the official client, %s',
  (_, mode) => {
    test('connects, and works with tools', async () => {
      const tenant = await api.tenant('Acme');
      const client = await connect(api, await tenant.token('member'), mode);
      expect(client.getServerVersion()).toMatchObject({ name: 'onetrip' });
      expect(client.getInstructions()).toContain('if_version');

      const { tools: seen } = await client.listTools();
      expect(seen.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));

      const call = async (name: string, given: Record<string, unknown> = {}) =>
        // The client holds `structuredContent` against `outputSchema` by itself.
        client.callTool({ name, arguments: given }) as unknown as Promise<Reply['json']>;
      const made = await call('create_project', { name: 'Trip', tasks: [{ title: 'Pack', tags: ['soon'] }] });
      const { id, tasks } = made.structuredContent;
      expect(JSON.parse(made.content[0]?.text ?? '')).toEqual(made.structuredContent);
      await call('update_task', { task_id: tasks[0].id, status: 'in_progress', if_version: 1 });
      await call('create_comment', { task_id: tasks[0].id, body: 'Half of it' });
      const found = await call('find_tasks', {
        project_id: id,
        tag: ['soon'],
        limit: 5,
        fields: 'id,status,comment_count',
      });
      expect(found.structuredContent.data).toEqual([{ id: tasks[0].id, status: 'in_progress', comment_count: 1 }]);
      expect((await call('get_project', { project_id: id })).structuredContent.tasks).toHaveLength(1);
      expect((await call('get_me')).structuredContent).toMatchObject({ role: 'member', tenant: { name: 'Acme' } });
      const gone = await call('delete_task', { task_id: tasks[0].id });
      expect(gone).toMatchObject({ content: [{ type: 'text', text: 'Done.' }] });
      expect((await call('restore_task', { task_id: tasks[0].id })).structuredContent.version).toBe(4);
    });

    test('is refused with 401 where it connects without a token, or with a key that is not good', async () => {
      const tenant = await api.tenant();
      const { key } = await insertApiKey(api, tenant, { revoked_at: '2020-01-01T00:00:00Z' });
      for (const token of [undefined, 'x.y.z', key]) {
        await expect(connect(api, token, mode)).rejects.toThrow(/401|Unauthorized|valid token/i);
      }
    });
  },
);

describe('who calls', () => {
  test('sees the tools that the role may use, by a token and by an API key, in one round trip', async () => {
    const tenant = await api.tenant();
    const reads = tools.filter(({ endpoint }) => endpoint.definition.access === 'viewer').map(({ name }) => name);
    expect(reads.length).toBeLessThan(tools.length);
    for (const role of ['viewer', 'member', 'admin'] as const) {
      const { key } = await insertApiKey(api, tenant, { role });
      for (const token of [await tenant.token(role), key]) {
        const before = asked();
        const { json, headers } = await send(api, token, list);
        expect(asked() - before).toBe(1);
        expect(headers.get('Server-Timing')).toMatch(/desc="1 round trip"/);
        const seen = json.result.tools.map(({ name }: { name: string }) => name);
        expect(seen).toEqual(role === 'viewer' ? reads : tools.map(({ name }) => name));
      }
    }
  });

  test('is refused what the role may not do, also where the tool is not among those it sees', async () => {
    const tenant = await api.tenant();
    const { key } = await insertApiKey(api, tenant, { role: 'viewer' });
    for (const token of [await tenant.token('viewer'), key]) {
      const reply = await callTool(api, token, 'create_project', { name: 'x' });
      expect(reply.status).toBe(200);
      expect(problemIn(reply)).toMatchObject({ code: 'forbidden', status: 403 });
    }
    expect((await tenant.get('/api/v1/projects')).json.data).toEqual([]);
  });

  test('asks the database once for a call, and acts as the token says', async () => {
    const tenant = await api.tenant();
    const before = asked();
    const headers = { 'X-Request-Id': 'of-the-assistant' };
    const params = { name: 'create_project', arguments: { name: 'x' } };
    const message = { jsonrpc: '2.0', id: 'a', method: 'tools/call', params };
    const reply = await send(api, await tenant.token('member', 'ada'), message, headers);
    expect(asked() - before).toBe(1);
    expect(reply.json).toMatchObject({ jsonrpc: '2.0', id: 'a', result: { structuredContent: { created_by: 'ada' } } });
    expect(reply.headers.get('X-Request-Id')).toBe('of-the-assistant');
    const { json } = await tenant.get('/api/v1/audit-log');
    expect(json.data[0]).toMatchObject({ actor: 'ada', request_id: 'of-the-assistant' });
  });

  test('may try a plan, of which nothing stays, and then carry it out', async () => {
    const tenant = await api.tenant();
    const token = await tenant.token('member');
    const operations = [
      { id: 'trip', method: 'POST', path: '/api/v1/projects', body: { name: 'Trip' } },
      { method: 'POST', path: '/api/v1/projects/{trip}/tasks', body: { title: 'Pack' } },
    ];
    for (const [dry_run, expected] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { json } = await callTool(api, token, 'plan_changes', { operations, dry_run });
      const { results } = json.result.structuredContent;
      expect(results.map(({ status }: { status: number }) => status)).toEqual([201, 201]);
      expect((await tenant.get('/api/v1/tasks')).json.data).toHaveLength(expected);
    }
    const wrong = [...operations, { method: 'DELETE', path: `/api/v1/tasks/${crypto.randomUUID()}` }];
    expect(problemIn(await callTool(api, token, 'plan_changes', { operations: wrong }))).toMatchObject({
      code: 'not_found',
      operation: 2,
    });
    // The header is the endpoints', and not of a message that asks one of them.
    const reply = await send(api, token, list, { 'Onetrip-Dry-Run': 'true' });
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
  });

  test('is refused a plan whose answers would be too long, of which nothing is done then', async () => {
    const tenant = await api.tenant();
    const { json: project } = await tenant.post('/api/v1/projects', { name: 'P', description: '"'.repeat(10_000) });
    const rename = (name: string) => ({ method: 'PATCH', path: `/api/v1/projects/${project.id}`, body: { name } });
    const operations = Array.from({ length: 60 }, (_, n) => rename(`${n}`));
    const call = (many: unknown[]) =>
      tenant.token('member').then((token) => callTool(api, token, 'plan_changes', { operations: many }));
    expect(problemIn(await call(operations))).toMatchObject({
      code: 'unprocessable',
      detail: 'The answer would exceed 1 MiB; lower /operations.',
    });
    expect((await tenant.get(`/api/v1/projects/${project.id}`)).json).toMatchObject({ name: 'P', version: 1 });
    const { json, text } = await call(operations.slice(0, 50));
    expect(json.result.structuredContent.results).toHaveLength(50);
    expect(text.length).toBeLessThan(3.1 * 2 ** 20);
    expect((await tenant.post('/api/v1/batch', { operations })).status).toBe(200);
  });

  test('is refused arguments of another type than the tool says, and the database is not asked', async () => {
    const token = await (await api.tenant()).token();
    const before = asked();
    for (const [given, pointer] of [
      [{ limit: '5' }, '/limit'],
      [{ blocked: 'true' }, '/blocked'],
      [{ tag: ['a', 1] }, '/tag/1'],
    ] as const) {
      expect(problemIn(await callTool(api, token, 'find_tasks', given))).toMatchObject({
        code: 'validation_failed',
        errors: [{ pointer, code: 'wrong_type' }],
      });
    }
    expect(asked()).toBe(before);
  });

  test('may say so in X-Tenant-Token, as everywhere', async () => {
    const tenant = await api.tenant();
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_me' } };
    const { json } = await send(api, undefined, call, { 'X-Tenant-Token': await tenant.token('viewer', 'ada') });
    expect(json.result.structuredContent).toMatchObject({ subject: 'ada', tenant: { id: tenant.id } });
  });

  test('with a key that is not good gets 401 for a call, and no result', async () => {
    const tenant = await api.tenant();
    const { key } = await insertApiKey(api, tenant, { expires_at: '2020-01-01T00:00:00Z' });
    const reply = await callTool(api, key, 'find_tasks');
    expect(reply).toMatchObject({ status: 401, json: { code: 'unauthenticated' } });
    expect(reply.headers.get('WWW-Authenticate')).toBe('Bearer');
  });

  test('of a suspended tenant gets 403: where it connects, and as the result of a tool', async () => {
    const tenant = await api.tenant();
    await tenant.setStatus('suspended');
    expect(await send(api, await tenant.token(), list)).toMatchObject({ status: 403, json: { code: 'forbidden' } });
    expect(problemIn(await callTool(api, await tenant.token(), 'get_me'))).toMatchObject({ code: 'forbidden' });
    const platform = await signToken({ role: 'platform' });
    expect(await send(api, platform, list)).toMatchObject({ status: 403, json: { code: 'forbidden' } });
  });
});

test.runIf(inject('tier') === 'node')('while the database is away, 503 to who connects, and as a result', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const bindings = { ...api.bindings, NEON_ENDPOINT: 'http://127.0.0.1:9/sql' };
  const token = await signToken({ tenant_id: crypto.randomUUID() });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const ask = (message: object) =>
    app.request('/mcp', { method: 'POST', headers, body: JSON.stringify(message) }, bindings);
  const connecting = await ask(list);
  expect([connecting.status, connecting.headers.get('Retry-After')]).toEqual([503, '1']);
  const called = await ask({ ...list, method: 'tools/call', params: { name: 'get_me' } });
  const { result } = (await called.json()) as { result: { isError: boolean; content: { text: string }[] } };
  expect([called.status, result.isError]).toEqual([200, true]);
  expect(JSON.parse(result.content[0]?.text ?? '')).toMatchObject({ status: 503, code: 'unavailable' });
  vi.restoreAllMocks();
});

describe('over HTTP', () => {
  test('there is POST alone', async () => {
    const token = await (await api.tenant()).token();
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const reply = await api.call('/mcp', { method, token });
      expect(reply).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } });
      expect(reply.headers.get('Allow')).toBe('POST, OPTIONS');
    }
  });

  test('a body is JSON of at most a mebibyte, and Accept is ignored', async () => {
    const token = await (await api.tenant()).token();
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    expect(await send(api, token, ping, { 'Content-Type': 'text/plain' })).toMatchObject({ status: 415 });
    const large = { ...ping, params: { _meta: { x: 'x'.repeat(1_048_576) } } };
    expect(await send(api, token, large)).toMatchObject({ status: 413, json: { code: 'payload_too_large' } });
    expect(await send(api, token, ping, { Accept: 'text/html' })).toMatchObject({ status: 200, json: { result: {} } });
    expect(await api.call('/mcp?x=1', { method: 'POST', token, body: ping })).toMatchObject({ status: 400 });
  });

  test('pages call from the origins of CORS_ORIGINS alone, whatever host they call', async () => {
    const token = await (await api.tenant()).token();
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    // The last one is the very host that is called, as it is after a rebinding of its name.
    for (const Origin of ['https://evil.example.com', 'null', 'http://onetrip.test']) {
      for (const sent of [token, undefined]) {
        expect(await send(api, sent, ping, { Origin })).toMatchObject({ status: 403, json: { code: 'forbidden' } });
      }
    }
    const reply = await send(api, token, ping, { Origin: 'https://assistant.example.com' });
    expect(reply).toMatchObject({ status: 200, json: { result: {} } });
    expect(reply.headers.get('Access-Control-Allow-Origin')).toBe('https://assistant.example.com');
    const headers = { Origin: 'https://assistant.example.com', 'Access-Control-Request-Method': 'POST' };
    const preflight = await api.call('/mcp', { method: 'OPTIONS', headers });
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toMatch(/MCP-Protocol-Version, Mcp-Method, Mcp-Name/);
  });
});
