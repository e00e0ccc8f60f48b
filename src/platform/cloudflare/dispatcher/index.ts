import { Hono } from 'hono/tiny';
import { notFoundHandler } from '../../../http/endpoint/not-found.ts';
import { onError } from '../../../http/endpoint/request-context.ts';
import { ROOT_ROUTE, redirectToDocs } from '../../../http/endpoint/root.ts';
import type { Env } from '../../../http/env.ts';
import { forward, type Route } from './forward.ts';

/*
 * The dispatcher of the split deployment, its only Worker with a URL. It forwards each request to the function of the
 * endpoint, and responds itself where no route matches.
 */

/** The routes of all functions. The build fills them in from the definitions. */
declare const ROUTES: Route[];

// hono/tiny has a smaller router than hono, which matches the same routes.
// Not strict: one trailing slash is ignored, here as in the functions.
const app = new Hono<Env>({ strict: false });
app.onError(onError);
app.notFound(notFoundHandler([...ROUTES, ROOT_ROUTE]));
app.get(ROOT_ROUTE.path, redirectToDocs);
for (const route of ROUTES) app.on(route.method, [route.path], forward(route));

export default app;
