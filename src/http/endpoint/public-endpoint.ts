import type { Definition, Endpoint, EndpointContext } from './definition.ts';
import { serve } from './serve.ts';

/**
 * Makes the function of one endpoint that everybody may call. It carries neither the verification of tokens nor, unless
 * its handler opens it, the database.
 */
export function publicEndpoint<const D extends Definition & { access: 'public' }>(
  definition: D,
  handler: (c: EndpointContext<D>) => Promise<Response>,
): Endpoint<D> {
  return serve(definition, [], (c) => handler(c as EndpointContext<D>));
}
