import { Hono } from 'hono';
import { type Env, onError, unrouted } from '../http/context.ts';

/*
 * The function of the route `$default`: answers what no other function does, as the dispatcher of the split deployment
 * on Cloudflare.
 */

/** What the other functions serve; the build puts it here, out of the definitions. */
declare const ROUTES: { method: string; path: string }[];

const app = new Hono<Env>();
app.onError(onError);
app.notFound(unrouted(ROUTES));

export default app;
