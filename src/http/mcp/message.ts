import type { Context } from 'hono';
import { Problem, validationFailed } from '../../problem.ts';
import type { Env } from '../env.ts';
import { checkMediaType } from '../request/body.ts';
import { parseStrictJson, readBytes, valueErrors } from '../request/strict-json.ts';

/** Codes of JSON-RPC 2.0, section 5.1. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
export const INVALID_PARAMS = -32602;

/**
 * Reads the one message of a request, under the rules for all bodies, or says what is wrong with it.
 * @param isMessage whether it is one of JSON-RPC 2.0
 * @throws Problem for a body of another media type, or one that is too large or broke off
 */
export async function readMessage<T extends object>(
  c: Context<Env>,
  isMessage: (value: unknown) => value is T,
): Promise<T | Response> {
  checkMediaType(c.req.method, c.req.header('Content-Type'), c.req.header('Content-Encoding'));
  const bytes = await readBytes(c.req.raw);
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid_json') return rpcError(PARSE_ERROR, error.message);
    throw error;
  }
  if (Array.isArray(value)) {
    return rpcError(INVALID_REQUEST, 'Send one message with each request: the protocol has no batches any more.');
  }
  if (!isMessage(value)) return rpcError(INVALID_REQUEST, 'This is no message of JSON-RPC 2.0.', value);
  const errors = valueErrors(withoutArguments(value));
  return errors.length > 0 ? rpcError(INVALID_REQUEST, validationFailed(errors).message, value) : value;
}

/** A message without the arguments of a tool: what is wrong with these, a result of that tool says. */
function withoutArguments(message: object): object {
  const { method, params } = message as { method?: unknown; params?: object };
  return method === 'tools/call' ? { ...message, params: { ...params, arguments: undefined } } : message;
}

/** An error of JSON-RPC. @param request what may have the id of the request that is in error */
export function rpcError(code: number, message: string, request?: unknown, status = 400): Response {
  const { id } = Object(request) as { id?: unknown };
  const known = typeof id === 'string' || typeof id === 'number';
  return Response.json({ jsonrpc: '2.0', id: known ? id : null, error: { code, message } }, { status });
}
