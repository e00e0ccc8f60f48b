import type { Context, Handler } from 'hono';
import { assignRequestId, finishResponse } from '../../../http/endpoint/request-context.ts';
import type { Env } from '../../../http/env.ts';
import { log } from '../../../log.ts';
import { unavailable } from '../../../problem.ts';

/** The function of one endpoint: `binding` is the service binding to its Worker. */
export interface Route {
  name: string;
  method: string;
  path: string;
  binding: string;
}

/** A service binding, as far as it is used here. */
interface Service {
  fetch(request: Request): Promise<Response>;
}

/**
 * Forwards a request to the function of its endpoint, with the request id that the dispatcher has given it, and returns
 * the function's response unchanged. Where the function cannot be reached, or ends without a response, the dispatcher
 * responds with 503. It does not send the request again, because the function may have carried it out.
 */
export function forward({ name, binding }: Route): Handler<Env> {
  return async (c) => {
    const start = performance.now();
    assignRequestId(c);
    const request = new Request(c.req.raw);
    request.headers.set('X-Request-Id', c.var.requestId);
    try {
      return await serviceOf(c, binding).fetch(request);
    } catch (error) {
      log('error', 'function_failed', {
        request_id: c.var.requestId,
        operation_id: name,
        error: (error as Error).name,
      });
      const problem = unavailable('The service cannot answer at the moment.');
      return finishResponse(c, problem.toResponse(c.var.requestId), start, name);
    }
  };
}

function serviceOf(c: Context<Env>, binding: string): Service {
  return (c.env as unknown as Record<string, Service>)[binding] as Service;
}
