import type { Context, Handler } from 'hono';
import { type Env, finish, nameRequest } from '../../../http/endpoint/context.ts';
import { log } from '../../../log.ts';
import { Problem } from '../../../problem.ts';

/** The function of one endpoint: `binding` is the service binding to its Worker. */
export interface Route {
  name: string;
  method: string;
  path: string;
  binding: string;
}

/** What a service binding is to us. */
interface Service {
  fetch(request: Request): Promise<Response>;
}

/**
 * Hands a request to a function as it is, but for its id, which is made once; the answer goes back as it is.
 * Where the function cannot be reached, or ends without an answer, that is 503. It is not asked again: it may have
 * carried out the request.
 */
export function forward({ name, binding }: Route): Handler<Env> {
  return async (c) => {
    const start = performance.now();
    nameRequest(c);
    const request = new Request(c.req.raw);
    request.headers.set('X-Request-Id', c.var.requestId);
    try {
      return await serviceOf(c, binding).fetch(request);
    } catch (error) {
      log('error', 'function_failed', { request_id: c.var.requestId, function: name, error: (error as Error).name });
      const problem = new Problem('unavailable', 'The service cannot answer at the moment.', {
        headers: { 'Retry-After': '1' },
      });
      return finish(c, problem.toResponse(c.var.requestId), start, name);
    }
  };
}

function serviceOf(c: Context<Env>, binding: string): Service {
  return (c.env as unknown as Record<string, Service>)[binding] as Service;
}
