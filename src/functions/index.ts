import { Hono } from 'hono';
import { type Env, onError, unrouted } from '../http/context.ts';
import health from './meta/health.ts';
import openapi from './meta/openapi.ts';
import ready from './meta/ready.ts';
import createProject from './projects/create-project.ts';
import getProject from './projects/get-project.ts';
import listProjects from './projects/list-projects.ts';
import createTag from './tags/create-tag.ts';
import listTags from './tags/list-tags.ts';
import createTask from './tasks/create-task.ts';
import createTenant from './tenants/create-tenant.ts';
import getOwnTenant from './tenants/get-own-tenant.ts';
import listTenants from './tenants/list-tenants.ts';
import updateTenant from './tenants/update-tenant.ts';

/*
 * All functions in one Worker: what `wrangler dev` and a one-Worker deployment run. Each can be deployed by itself.
 */

export const functions = [
  createProject,
  getProject,
  listProjects,
  createTask,
  createTag,
  listTags,
  createTenant,
  listTenants,
  updateTenant,
  getOwnTenant,
  health,
  ready,
  openapi,
] as const;

const app = new Hono<Env>();
app.onError(onError);
app.notFound(unrouted(functions.map(({ definition }) => definition)));
for (const fn of functions) app.route('/', fn);

export default app;

type Union = (typeof functions)[number];
type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type SchemaOf<F> = F extends Hono<Env, infer S, '/'> ? S : never;

/** The whole API for a typed client: `hc<Api>(url)` of hono/client. */
export type Api = Hono<Env, Intersection<SchemaOf<Union>>, '/'>;
