import type { Context } from 'hono';
import { signIn } from '../auth/sign-in.ts';
import type { Role } from '../auth/tokens.ts';
import type { Env } from '../env.ts';
import { type Result, respond } from '../response/responses.ts';
import { conditionalRequest } from './conditional-request.ts';
import {
  type Definition,
  type EndpointContext,
  type GuardedEndpoint,
  mayBeEventual,
  type Output,
} from './definition.ts';
import { serve } from './serve.ts';

/**
 * Makes the function of one endpoint that needs a token. Its handler reads the inputs, calls one query function with
 * `c.var.read` or `c.var.write`, and returns its result. Everything else follows from the definition.
 */
export function endpoint<const D extends Definition & { access: Role }>(
  definition: D,
  handler: (c: EndpointContext<D>) => Promise<Result<Output<D>>>,
): GuardedEndpoint<D> {
  const middleware = [signIn({ ...definition, mayLag: mayBeEventual(definition) }), conditionalRequest(definition)];
  const answer = async (c: Context<Env>) => {
    // No API key is enough for the platform. Whether it is good (403) or not (401), the home of its tenant knows alone, and
    // the handler may ask other databases.
    if (definition.access === 'platform' && c.var.db.credential === 'api_key') await c.var.db.identify();
    return respond(c, await handler(c as EndpointContext<D>));
  };
  return Object.assign(serve(definition, middleware, answer), { answer });
}
