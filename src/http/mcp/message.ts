import type { Context } from 'hono';
import { Problem } from '../../problem.ts';
import type { Env } from '../env.ts';
import { checkMediaType } from '../request/body.ts';
import { parseStrictJson, readBytes } from '../request/strict-json.ts';

/** Codes of JSON-RPC 2.0, section 5.1. */
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/**
 * Reads the one message of a request, under the rules for all bodies, or says what is wrong with it.
 * @param isMessage whether it is one of JSON-RPC 2.0
 * @throws Problem for a body of another media type, or one that is too large or broke off
 */
export async function readMessage<T>(
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
  return isMessage(value) ? value : rpcError(INVALID_REQUEST, 'This is no message of JSON-RPC 2.0.', value);
}

/** @param request what may have the id of the request that is in error */
function rpcError(code: number, message: string, request?: unknown): Response {
  const { id } = Object(request) as { id?: unknown };
  const known = typeof id === 'string' || typeof id === 'number';
  return Response.json({ jsonrpc: '2.0', id: known ? id : null, error: { code, message } }, { status: 400 });
}
