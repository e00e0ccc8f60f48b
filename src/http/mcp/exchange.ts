import {
  type CallToolResult,
  createMcpHandler,
  isLegacyRequest,
  type JSONRPCMessage,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type Tool as ToolDescription,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import { ROLES, type Role } from '../auth/tokens.ts';
import type { Env } from '../env.ts';
import { dispatch } from './dispatch.ts';
import { readMessage } from './message.ts';
import type { Tool } from './tool.ts';
import { checkResult, toolRequest } from './tool-request.ts';

/** What a deployment offers to assistants. */
export interface Offer {
  version: string;
  instructions: string;
  tools: Tool[];
  /** The tools as clients see them, by their names. */
  descriptions: Record<string, Omit<ToolDescription, 'name'>>;
  /** Says who the caller is, with its role. */
  whoAmI: Tool;
}

/**
 * The revisions that are served. 2025-03-26 and older ones are not: a server of these has to take many messages at once,
 * which would be many round trips in a request that is counted once.
 */
const PROTOCOL_VERSIONS = ['2026-07-28', '2025-11-25', '2025-06-18'];

/** The methods with which a client connects: here it learns whether its token or key is good. */
const CONNECTING = ['initialize', 'server/discover', 'tools/list'];

/**
 * Answers one message of the Model Context Protocol (streamable HTTP), and keeps nothing of it. The protocol itself is the
 * official SDK's.
 * @throws Problem as an endpoint does; what the endpoint of a tool refuses is a result of that tool
 */
export async function exchange(c: Context<Env>, offer: Offer): Promise<Response> {
  const message = await readMessage(c);
  if (message instanceof Response) return message;
  const method = 'method' in message ? message.method : '';
  const called = new Called(c, offer, message);
  if (CONNECTING.includes(method)) {
    const refusal = await called.signIn();
    if (refusal) return refusal;
  }
  const response = await answer(c, called.server(), message);
  if (called.failure) throw called.failure;
  if (called.unauthenticated) return called.unauthenticated;
  if (called.timing) response.headers.set('Server-Timing', called.timing);
  return response;
}

/** The SDK's answer to a message. The body has been read, and what `Accept` says is ignored, here as elsewhere. */
async function answer(c: Context<Env>, server: Server, message: JSONRPCMessage): Promise<Response> {
  const headers = new Headers(c.req.raw.headers);
  headers.set('Content-Type', 'application/json');
  headers.set('Accept', 'application/json, text/event-stream');
  const request = new Request(c.req.url, { method: 'POST', headers });
  if (await isLegacyRequest(request, message)) {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    return transport.handleRequest(request, { parsedBody: message }).finally(() => server.close());
  }
  // Nothing changes while a client listens, so there is nothing to subscribe to.
  return createMcpHandler(() => server, { legacy: 'reject', maxSubscriptions: 0 }).fetch(request, {
    parsedBody: message,
  });
}

/** One message, and what becomes of it. */
class Called {
  readonly #c: Context<Env>;
  readonly #offer: Offer;
  readonly #message: JSONRPCMessage;
  #role: Role | undefined;
  /** `Server-Timing` of the endpoint that was asked. */
  timing: string | null = null;
  /** The endpoint's 401: a key that is not good is not good for any tool, which no result of one tool would say. */
  unauthenticated: Response | undefined;
  /** A bug, which the SDK would otherwise tell the caller in its own words. */
  failure: unknown;

  constructor(c: Context<Env>, offer: Offer, message: JSONRPCMessage) {
    this.#c = c;
    this.#offer = offer;
    this.#message = message;
  }

  /** Finds out the caller's role; the response of the endpoint that says so where it refuses. */
  async signIn(): Promise<Response | undefined> {
    const { whoAmI } = this.#offer;
    const response = await this.#dispatch(whoAmI, {});
    if (response.status !== 200) return response;
    this.#role = ((await response.json()) as { role: Role }).role;
    return undefined;
  }

  async #dispatch(tool: Tool, given: Record<string, unknown>): Promise<Response> {
    const response = await dispatch(this.#c, tool.endpoint, toolRequest(tool, given));
    this.timing = response.headers.get('Server-Timing');
    return response;
  }

  server(): Server {
    const { version, instructions } = this.#offer;
    const server = new Server(
      { name: 'onetrip', title: 'Onetrip', version },
      { capabilities: { tools: {} }, instructions, supportedProtocolVersions: PROTOCOL_VERSIONS },
    );
    server.setRequestHandler('tools/list', async () => ({ tools: this.#visible() }));
    server.setRequestHandler('tools/call', async ({ params }) => this.#call(params.name));
    return server;
  }

  #visible(): ToolDescription[] {
    const { tools, descriptions } = this.#offer;
    const rank = ROLES.indexOf(this.#role as Role);
    return tools
      .filter(({ endpoint: { definition } }) => ROLES.indexOf(definition.access as Role) <= rank)
      .map(({ name }) => ({ name, ...(descriptions[name] as Omit<ToolDescription, 'name'>) }));
  }

  async #call(name: string): Promise<CallToolResult> {
    const tool = this.#offer.tools.find((one) => one.name === name);
    if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no tool of this name.');
    try {
      return await this.#result(tool);
    } catch (error) {
      if (error instanceof Problem) return refusal(await error.toResponse(this.#c.var.requestId).text());
      this.failure = error;
      throw error;
    }
  }

  /** What the endpoint of a tool answers: its JSON as text and as data, or the problem. */
  async #result(tool: Tool): Promise<CallToolResult> {
    // As they were sent: the SDK's schemas drop what they do not know.
    const { arguments: given = {} } = (this.#message as unknown as { params: { arguments?: object } }).params;
    const response = await this.#dispatch(tool, given as Record<string, unknown>);
    if (response.status === 401) this.unauthenticated = response;
    const text = response.status === 401 ? '' : await response.text();
    if (!response.ok) return refusal(text);
    if (!text) return { content: [{ type: 'text', text: 'Done.' }] };
    checkResult(tool, text);
    return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
  }
}

function refusal(problem: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: problem }] };
}
