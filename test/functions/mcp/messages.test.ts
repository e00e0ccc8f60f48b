import { describe, expect, test } from 'vitest';
import { signToken, useApi } from '../../support/api.ts';
import { problemIn, send } from '../../support/mcp.ts';

const api = useApi();
const asked = () => api.database.endpoint.requests;
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
/** What each request of the revision 2026-07-28 says of its client. */
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe('a message', () => {
  const error = (code: number, id: unknown = null) => ({ status: 400, json: { jsonrpc: '2.0', id, error: { code } } });

  test.each([
    ['no JSON', '{"jsonrpc":', -32700],
    ['nothing', '', -32700],
    ['a member twice', '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700],
    ['what is too deep', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`, -32700],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), -32700],
    ['a text', '"ping"', -32600],
    ['null', 'null', -32600],
    ['another version', { jsonrpc: '1.0', id: 1, method: 'ping' }, -32600, 1],
    ['no method', { jsonrpc: '2.0', id: 'x' }, -32600, 'x'],
    ['a method that is no text', { jsonrpc: '2.0', id: 2, method: 7 }, -32600, 2],
    ['an id that is an object', { jsonrpc: '2.0', id: {}, method: 'ping' }, -32600],
    ['a batch', [list, { ...list, id: 2 }], -32600],
    ['an empty batch', '[]', -32600],
  ])('that is %s is an error of JSON-RPC, and asks nothing', async (_, message, code, id: unknown = null) => {
    const before = asked();
    expect(await send(api, await signToken({ tenant_id: crypto.randomUUID() }), message)).toMatchObject(
      error(code, id),
    );
    expect(asked()).toBe(before);
  });

  test('of an unknown method or tool is an error of JSON-RPC', async () => {
    const token = await (await api.tenant()).token();
    const before = asked();
    const unknown = await send(api, token, { ...list, method: 'prompts/list' });
    expect(unknown.json).toMatchObject({ id: 1, error: { code: -32601 } });
    const call = { ...list, method: 'tools/call', params: { name: 'purge_tenant' } };
    expect((await send(api, token, call)).json).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(asked()).toBe(before);
  });

  test.each([
    ['tools/call', { name: 'get_me', arguments: [] }, 'params.arguments'],
    ['tools/call', { name: 'get_me', arguments: 'x' }, 'params.arguments'],
    ['tools/call', { name: 'get_me', arguments: null }, 'params.arguments'],
    ['tools/call', { name: 7 }, 'params.name'],
    ['tools/call', {}, 'params.name'],
    ['tools/call', undefined, 'params'],
    ['tools/list', { cursor: 5 }, 'params.cursor'],
    ['initialize', { capabilities: {}, clientInfo: { name: 'x', version: '1' } }, 'params.protocolVersion'],
  ])('of %s with %j is an error that names %s', async (method, params, member) => {
    const token = await (await api.tenant()).token();
    const before = asked();
    const message = `${member} is missing, or not of the type that it has to be.`;
    expect(await send(api, token, { ...list, method, params })).toMatchObject({
      status: 200,
      json: { jsonrpc: '2.0', id: 1, error: { code: -32602, message } },
    });
    expect(asked()).toBe(before);
  });

  test.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{}}', ''],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}', '/params'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"arguments":{"__proto__":{}}}}', '/params/arguments'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","__proto__":{}}}', '/params'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"a":[{"__proto__":1}]}}}', '/params/_meta/a/0'],
  ])('%s has a name that is not allowed', async (message, place) => {
    const token = await (await api.tenant()).token();
    const { status, json } = await send(api, token, message);
    expect([status, json.id, json.error.code]).toEqual([400, 1, -32600]);
    if (place) expect(json.error.message).toBe(`${place}/__proto__: is a name that is not allowed`);
    const given =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_me","arguments":{"__proto__":1}}}';
    expect(problemIn(await send(api, token, given))).toMatchObject({ errors: [{ pointer: '/__proto__' }] });
  });

  test('that is a notification or a response is accepted, and has no answer', async () => {
    const token = await (await api.tenant()).token();
    for (const message of [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', id: 5, result: {} },
    ]) {
      expect(await send(api, token, message)).toMatchObject({ status: 202, text: '' });
    }
  });

  test('negotiates the revision: the newest with initialize where the client names none that is served', async () => {
    const token = await (await api.tenant()).token();
    const initialize = async (protocolVersion: string) => {
      const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'x', version: '1' } };
      return (await send(api, token, { jsonrpc: '2.0', id: 1, method: 'initialize', params })).json.result;
    };
    expect(await initialize('2025-06-18')).toMatchObject({
      protocolVersion: '2025-06-18',
      capabilities: { tools: {} },
      serverInfo: { name: 'onetrip', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    });
    // 2026-07-28 has no initialize: each of its requests names the revision.
    for (const version of ['2025-11-25', '2026-07-28', '2025-03-26', '2024-11-05', '2031-01-01']) {
      expect((await initialize(version)).protocolVersion).toBe('2025-11-25');
    }
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    expect((await send(api, token, ping, { 'MCP-Protocol-Version': '2025-11-25' })).json.result).toEqual({});
    expect((await send(api, token, ping, { 'MCP-Protocol-Version': '2025-03-26' })).status).toBe(400);
    const discover = { jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: META } };
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'server/discover' };
    expect((await send(api, token, discover, headers)).json.result.supportedVersions).toEqual(['2026-07-28']);
  });

  test('cannot keep a stream open', async () => {
    const token = await (await api.tenant()).token();
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { _meta: META, notifications: {} },
    };
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'subscriptions/listen' };
    const reply = await send(api, token, message, headers);
    expect(reply.headers.get('Content-Type')).toBe('application/json');
    expect(reply.json).toHaveProperty('error');
  });
});
