import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import { ROLES, type Role } from '../auth/tokens.ts';
import type { Env } from '../env.ts';
import { dispatch } from './dispatch.ts';
import { INVALID_PARAMS, readMessage, rpcError } from './message.ts';
import {
  answer,
  type CallToolResult,
  faultyMember,
  type Introduction,
  isMessage,
  type ToolDescription,
} from './protocol.ts';
import type { Tool } from './tool.ts';
import { checkResult, toolRequest } from './tool-request.ts';

type Arguments = Record<string, unknown>;

/** What a deployment offers to assistants. */
export interface Offer extends Introduction {
  tools: Tool[];
  /** The tools as clients see them, by their names. */
  descriptions: Record<string, Omit<ToolDescription, 'name'>>;
  /** Says who the caller is, with its role. */
  whoAmI: Tool;
}

/** The methods with which a client connects: here it learns whether its token or key is good. */
const CONNECTING = ['initialize', 'server/discover', 'tools/list'];

/**
 * Answers one message of the Model Context Protocol (streamable HTTP), and keeps nothing of it. The protocol itself is the
 * official SDK's.
 * @throws Problem as an endpoint does; what the endpoint of a tool refuses is a result of that tool
 */
export async function exchange(c: Context<Env>, offer: Offer): Promise<Response> {
  const message = await readMessage(c, isMessage);
  if (message instanceof Response) return message;
  const faulty = faultyMember(message);
  // With 200, as the SDK sends errors that are not of the transport.
  if (faulty)
    return rpcError(INVALID_PARAMS, `${faulty} is missing, or not of the type that it has to be.`, message, 200);
  const { method = '', params } = message as { method?: string; params?: { arguments?: Arguments } };
  const exchange = new Exchange(c, offer);
  const refused = CONNECTING.includes(method) ? await exchange.signIn() : undefined;
  if (refused) return refused;
  const response = await answer(c.req.raw, message, offer, {
    list: () => exchange.visibleTools(),
    // The arguments as they were sent: the SDK's schemas drop what they do not know.
    call: (name) => exchange.call(name, params?.arguments),
  });
  if (exchange.failure) throw exchange.failure;
  if (exchange.unauthenticated) return exchange.unauthenticated;
  if (exchange.timing) response.headers.set('Server-Timing', exchange.timing);
  return response;
}

/** One message, and what endpoints have answered to it. */
class Exchange {
  readonly #c: Context<Env>;
  readonly #offer: Offer;
  #role: Role | undefined;
  /** `Server-Timing` of the endpoint that was asked. */
  timing: string | null = null;
  /** The endpoint's 401: a key that is not good is not good for any tool, which no result of one tool would say. */
  unauthenticated: Response | undefined;
  /** A bug, which the SDK would otherwise tell the caller in its own words. */
  failure: unknown;

  constructor(c: Context<Env>, offer: Offer) {
    this.#c = c;
    this.#offer = offer;
  }

  /** Finds out the caller's role. @returns the response of the endpoint that says so where it refuses */
  async signIn(): Promise<Response | undefined> {
    const response = await this.#dispatch(this.#offer.whoAmI, {});
    if (response.status !== 200) return response;
    this.#role = ((await response.json()) as { role: Role }).role;
    return undefined;
  }

  visibleTools(): ToolDescription[] {
    const { tools, descriptions } = this.#offer;
    const rank = ROLES.indexOf(this.#role as Role);
    return tools
      .filter(({ endpoint: { definition } }) => ROLES.indexOf(definition.access as Role) <= rank)
      .map(({ name }) => ({ name, ...(descriptions[name] as Omit<ToolDescription, 'name'>) }));
  }

  call(name: string, given: Arguments = {}): Promise<CallToolResult> | undefined {
    const tool = this.#offer.tools.find((one) => one.name === name);
    return tool && this.#result(tool, given).catch((error) => this.#failed(error));
  }

  /** What the endpoint of a tool answers: its JSON as text and as data, or the problem. */
  async #result(tool: Tool, given: Arguments): Promise<CallToolResult> {
    const response = await this.#dispatch(tool, given);
    if (response.status === 401) {
      this.unauthenticated = response;
      return refusal('');
    }
    const bytes = await response.arrayBuffer();
    const text = new TextDecoder().decode(bytes);
    if (!response.ok) return refusal(text);
    if (!text) return { content: [{ type: 'text', text: 'Done.' }] };
    checkResult(tool, bytes.byteLength);
    return { content: [{ type: 'text', text }], structuredContent: JSON.parse(text) };
  }

  async #failed(error: unknown): Promise<CallToolResult> {
    if (error instanceof Problem) return refusal(await error.toResponse(this.#c.var.requestId).text());
    this.failure = error;
    return refusal('');
  }

  async #dispatch(tool: Tool, given: Arguments): Promise<Response> {
    const { inputSchema } = this.#offer.descriptions[tool.name] as Omit<ToolDescription, 'name'>;
    const response = await dispatch(this.#c, tool.endpoint, toolRequest(tool, inputSchema, given));
    this.timing = response.headers.get('Server-Timing');
    return response;
  }
}

function refusal(problem: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: problem }] };
}
