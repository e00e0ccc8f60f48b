/*
 * The function of the route `$default`, which gets the requests that no other route matches. It is the whole API, because
 * API Gateway distinguishes `/tags` from `/tags/` and has no routes that end in a slash: a request with a trailing slash
 * comes here, and is served like one without. All other requests here get 404, 405, or the response to OPTIONS.
 */

export { app as default } from '../../functions/index.ts';
