/*
 * The function of the route `$default`: the whole API, for requests that no other function is routed. API Gateway
 * distinguishes `/tags` from `/tags/` and takes no route that ends in a slash, so what is sent with a trailing slash
 * comes here and is served like any other; everything else is 404, 405 or an answer to OPTIONS.
 */

export { app as default } from '../../functions/index.ts';
