import { Hono } from 'hono';
import { notFoundHandler } from '../http/endpoint/not-found.ts';
import { onError } from '../http/endpoint/request-context.ts';
import { ROOT_ROUTE, redirectToDocs } from '../http/endpoint/root.ts';
import type { Env } from '../http/env.ts';
import { functions } from './registry.ts';

/* The whole API as one app: every endpoint's function, each of which can also be deployed by itself. */

export { functions };

// Not strict: one trailing slash is ignored.
export const app = new Hono<Env>({ strict: false });
app.onError(onError);
app.notFound(notFoundHandler([...functions.map(({ definition }) => definition), ROOT_ROUTE]));
app.get(ROOT_ROUTE.path, redirectToDocs);
for (const fn of functions) app.route('/', fn);
