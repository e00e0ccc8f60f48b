import type { Context } from 'hono';
import type { Bindings } from '../../config/bindings.ts';
import type { Env } from '../env.ts';
import { MAX_RESULT_BYTES, type Tool } from './tool.ts';
import type { ToolRequest } from './tool-request.ts';

/** What says who asks: the endpoint gets it as the caller has sent it. */
const CALLER_HEADERS = ['Authorization', 'X-Tenant-Token', 'traceparent'];

/**
 * Has an endpoint's own app answer a request, as if the caller had sent it there: with the same token, checks and round
 * trip, and a line in the log under the same request id. It is counted once, at `/mcp`.
 */
export async function dispatch(
  c: Context<Env>,
  app: Pick<Tool['endpoint'], 'fetch'>,
  { path, headers: own, ...init }: ToolRequest,
): Promise<Response> {
  const headers = new Headers({ ...own, 'X-Request-Id': c.var.requestId });
  for (const name of CALLER_HEADERS) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  return app.fetch(
    new Request(new URL(path, c.req.url), { ...init, headers }),
    bindingsOfTools(c.env),
    executionContext(c),
  );
}

const ofTools = new WeakMap<object, Env['Bindings']>();

/** The bindings without the rate limiter: one object for all requests, because configurations are kept by it. */
function bindingsOfTools(bindings: Bindings): Env['Bindings'] {
  const { RATE_LIMITER: _, ...others } = bindings;
  const known = ofTools.get(bindings) ?? { ...others, maxAnswerBytes: MAX_RESULT_BYTES };
  ofTools.set(bindings, known);
  return known;
}

/** Workers have one. A process has none, and there `executionCtx` throws. */
function executionContext(c: Context<Env>): Context<Env>['executionCtx'] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
