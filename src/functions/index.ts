import { Hono } from 'hono';
import { type Env, onError, unrouted } from '../http/endpoint/context.ts';
import purge from '../scheduled/purge.ts';
import listAuditLog from './audit/list-audit-log.ts';
import docs from './meta/docs.ts';
import health from './meta/health.ts';
import openapi from './meta/openapi.ts';
import ready from './meta/ready.ts';
import createProject from './projects/create-project.ts';
import deleteProject from './projects/delete-project.ts';
import getProject from './projects/get-project.ts';
import getProjectStats from './projects/get-project-stats.ts';
import listProjects from './projects/list-projects.ts';
import purgeProject from './projects/purge-project.ts';
import restoreProject from './projects/restore-project.ts';
import updateProject from './projects/update-project.ts';
import createTag from './tags/create-tag.ts';
import deleteTag from './tags/delete-tag.ts';
import getTag from './tags/get-tag.ts';
import listTags from './tags/list-tags.ts';
import updateTag from './tags/update-tag.ts';
import createTask from './tasks/create-task.ts';
import deleteTask from './tasks/delete-task.ts';
import deleteTaskTag from './tasks/delete-task-tag.ts';
import getTask from './tasks/get-task.ts';
import listProjectTasks from './tasks/list-project-tasks.ts';
import listTasks from './tasks/list-tasks.ts';
import purgeTask from './tasks/purge-task.ts';
import putTaskTag from './tasks/put-task-tag.ts';
import restoreTask from './tasks/restore-task.ts';
import updateTask from './tasks/update-task.ts';
import createTenant from './tenants/create-tenant.ts';
import deleteTenant from './tenants/delete-tenant.ts';
import getOwnTenant from './tenants/get-own-tenant.ts';
import listTenants from './tenants/list-tenants.ts';
import updateTenant from './tenants/update-tenant.ts';
import listTrash from './trash/list-trash.ts';

/*
 * All functions in one Worker: what `wrangler dev` and a one-Worker deployment run. Each can be deployed by itself.
 */

export const functions = [
  createProject,
  deleteProject,
  getProject,
  getProjectStats,
  listProjects,
  purgeProject,
  restoreProject,
  updateProject,
  createTask,
  deleteTask,
  deleteTaskTag,
  getTask,
  listProjectTasks,
  listTasks,
  purgeTask,
  putTaskTag,
  restoreTask,
  updateTask,
  createTag,
  deleteTag,
  getTag,
  listTags,
  updateTag,
  listTrash,
  listAuditLog,
  createTenant,
  deleteTenant,
  getOwnTenant,
  listTenants,
  updateTenant,
  docs,
  health,
  openapi,
  ready,
] as const;

// Not strict: one trailing slash is ignored.
export const app = new Hono<Env>({ strict: false });
app.onError(onError);
app.notFound(unrouted(functions.map(({ definition }) => definition)));
for (const fn of functions) app.route('/', fn);

/** Cloudflare's entry points: requests, and the cron trigger. */
export default { fetch: app.fetch, scheduled: purge.scheduled };

type Union = (typeof functions)[number];
type Intersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type SchemaOf<F> = F extends Hono<Env, infer S, '/'> ? S : never;

/** The whole API for a typed client: `hc<Api>(url)` of hono/client. */
export type Api = Hono<Env, Intersection<SchemaOf<Union>>, '/'>;
