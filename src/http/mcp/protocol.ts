import {
  type CallToolResult,
  createMcpHandler,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  isLegacyRequest,
  type JSONRPCMessage,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  specTypeSchemas,
  type Tool as ToolDescription,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';

/* The official SDK, as far as it is used: no session, no stream, and no validator of schemas, because endpoints validate. */

export type { CallToolResult, ToolDescription };

/** What answers the requests of a client. */
export interface Handlers {
  /** The tools that the caller may use. */
  list(): ToolDescription[];
  /** @returns undefined where there is no such tool */
  call(name: string): Promise<CallToolResult> | undefined;
}

/** What a client is told when it connects. */
export interface Introduction {
  version: string;
  instructions: string;
}

/**
 * The revisions that are served. 2025-03-26 and older ones are not: a server of these has to take many messages at once,
 * which would be many round trips in a request that is counted once.
 */
const PROTOCOL_VERSIONS = ['2026-07-28', '2025-11-25', '2025-06-18'];

/** Whether it is a message of JSON-RPC 2.0. */
export function isMessage(value: unknown): value is JSONRPCMessage {
  return isJSONRPCRequest(value) || isJSONRPCNotification(value) || isJSONRPCResponse(value);
}

/** The requests whose members are looked at before the SDK answers, and what they are, by method. */
const REQUESTS = {
  initialize: specTypeSchemas.InitializeRequest,
  'tools/list': specTypeSchemas.ListToolsRequest,
  'tools/call': specTypeSchemas.CallToolRequest,
};

/**
 * The first member of a request that is not what the protocol says, such as `params.name`. The SDK would answer with all that
 * its validator says, as text.
 */
export function faultyMember(message: JSONRPCMessage): string | undefined {
  if (!isJSONRPCRequest(message) || !Object.hasOwn(REQUESTS, message.method)) return undefined;
  const { issues } = REQUESTS[message.method as keyof typeof REQUESTS]['~standard'].validate(message);
  return issues?.[0]?.path?.join('.');
}

/**
 * Answers one message, whose body has been read. What `Accept` says is ignored, as everywhere.
 * @param received the request that it came with
 */
export async function answer(
  received: Request,
  message: JSONRPCMessage,
  introduction: Introduction,
  handlers: Handlers,
): Promise<Response> {
  const headers = new Headers(received.headers);
  headers.set('Content-Type', 'application/json');
  headers.set('Accept', 'application/json, text/event-stream');
  const request = new Request(received.url, { method: 'POST', headers });
  const server = serverOf(introduction, handlers);
  if (await isLegacyRequest(request, message)) {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    return transport.handleRequest(request, { parsedBody: message }).finally(() => server.close());
  }
  // Nothing changes while a client listens, so there is nothing to subscribe to.
  const handler = createMcpHandler(() => server, { legacy: 'reject', maxSubscriptions: 0 });
  return handler.fetch(request, { parsedBody: message });
}

function serverOf({ version, instructions }: Introduction, { list, call }: Handlers): Server {
  const server = new Server(
    { name: 'onetrip', title: 'Onetrip', version },
    { capabilities: { tools: {} }, instructions, supportedProtocolVersions: PROTOCOL_VERSIONS },
  );
  server.setRequestHandler('tools/list', async () => ({ tools: list() }));
  server.setRequestHandler('tools/call', async ({ params: { name } }) => {
    const result = call(name);
    if (!result) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no tool of this name.');
    return result;
  });
  return server;
}
