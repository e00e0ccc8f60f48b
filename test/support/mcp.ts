import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';
import type { Reply, TestApi } from './api.ts';

/* How an assistant calls: by the official client, or with messages of its own making. */

/** Each kind of client: with `initialize`, as up to 2025-11-25, and without, as since 2026-07-28. */
export const MODES = ['legacy', { pin: '2026-07-28' }] as const;

/** The official client, connected, until the test has finished. */
export async function connect(
  api: TestApi,
  token: string | undefined,
  mode: (typeof MODES)[number] = 'legacy',
): Promise<Client> {
  const transport = new StreamableHTTPClientTransport(new URL('http://onetrip.test/mcp'), {
    fetch: async (url, init = {}) => {
      const { method = 'GET', body } = init;
      const { 'content-type': _, ...headers } = Object.fromEntries(new Headers(init.headers));
      const reply = await api.call(new URL(url).pathname, { method, body: body ?? undefined, headers });
      const isNull = [202, 204].includes(reply.status);
      return new Response(isNull ? null : reply.text, { status: reply.status, headers: reply.headers });
    },
    requestInit: { headers: token === undefined ? {} : { Authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

/** Sends one message as it is, or text in its place. */
export function send(api: TestApi, token: string | undefined, message: unknown, headers = {}): Promise<Reply> {
  return api.call('/mcp', { method: 'POST', body: message, headers, ...(token === undefined ? {} : { token }) });
}

/** Calls a tool without a client. */
export function callTool(api: TestApi, token: string, name: string, given?: unknown): Promise<Reply> {
  const params = { name, ...(given === undefined ? {} : { arguments: given }) };
  return send(api, token, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
}

/** What a tool was refused: the problem in its result. */
export function problemIn({ json }: Reply): Record<string, unknown> {
  const { isError, content, structuredContent } = json.result;
  if (!isError || structuredContent !== undefined) throw new Error(`not refused: ${JSON.stringify(json)}`);
  return JSON.parse(content[0].text);
}
