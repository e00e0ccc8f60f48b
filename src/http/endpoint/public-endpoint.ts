import type { Definition, Endpoint } from './endpoint.ts';
import { type Handler, serve } from './serve.ts';

/**
 * Makes the function of one endpoint that everybody may call, see {@link serve}. It carries neither the check of tokens
 * nor, unless its handler opens it, the database.
 */
export function publicEndpoint<const D extends Definition & { access: 'public' }>(
  definition: D,
  handler: Handler<D>,
): Endpoint<D> {
  return serve(definition, [], handler);
}
