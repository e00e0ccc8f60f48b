import { Hono } from 'hono/tiny';
import { type Env, onError, unrouted } from '../../../http/endpoint/context.ts';
import { forward, type Route } from './forward.ts';

/*
 * The front of the split deployment, and its only Worker with a URL: hands each request to the function that serves it,
 * and answers itself what no function does.
 */

/** Where every function is; the build puts it here, out of the definitions. */
declare const ROUTES: Route[];

// The small Hono: another router, the same routes. The functions have one route each, and Hono's own.
// Not strict: one trailing slash is ignored, here as in the functions.
const app = new Hono<Env>({ strict: false });
app.onError(onError);
app.notFound(unrouted(ROUTES));
for (const route of ROUTES) app.on(route.method, [route.path], forward(route));

export default app;
