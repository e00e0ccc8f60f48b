import { randomUUID } from 'node:crypto';
import { functions } from '../../src/functions/index.ts';
import type { Definition } from '../../src/http/endpoint/definition.ts';
import type { Call, Reply, TestApi, TestTenant } from './api.ts';

/*
 * How to call each endpoint, so that the endpoint suites can do with all of them what each must stand: no token, a low
 * role, one round trip, another tenant. An endpoint that is not here fails them.
 */

/** Rows of one tenant that an example can refer to. */
export interface World {
  tenant: TestTenant;
  project: string;
  task: string;
  tag: string;
}

/** The ids of a world, by what they are of. */
export function idsOf({ tenant: _, ...ids }: World): Record<string, string> {
  return ids;
}

export interface Example {
  /** With the query string. */
  path: (world: World) => string;
  body?: (world: World) => unknown;
  /** What must be done before, for the call to succeed. */
  prepare?: (world: World, api: TestApi) => Promise<unknown>;
}

const trash = (resource: 'project' | 'task') => (world: World) =>
  world.tenant.call(`/api/v1/${resource}s/${world[resource]}`, { method: 'DELETE' });

export const examples: Record<string, Example> = {
  'create-project': {
    path: () => '/api/v1/projects',
    body: () => ({
      name: 'Website Redesign',
      tasks: [{ title: 'Sketch', tags: ['design', 'new'], subtasks: [{ title: 'Home page' }] }, { title: 'Build' }],
    }),
  },
  'get-project': { path: ({ project }) => `/api/v1/projects/${project}` },
  'list-projects': {
    path: () => '/api/v1/projects?include=tasks&count=true&q=web&tag=design&metadata=%7B%7D&status=active',
  },
  'create-task': {
    path: ({ project }) => `/api/v1/projects/${project}/tasks`,
    body: ({ task }) => ({ title: 'Choose a typeface', parent_id: task, tags: ['design'] }),
  },
  'create-tag': {
    path: () => '/api/v1/tags',
    body: () => ({ name: `tag ${randomUUID().slice(0, 8)}`, color: '#7A5CFF' }),
  },
  'list-tags': { path: () => '/api/v1/tags?q=des&sort=-task_count&count=true' },
  'get-project-stats': { path: ({ project }) => `/api/v1/projects/${project}/stats` },
  'update-project': {
    path: ({ project }) => `/api/v1/projects/${project}`,
    body: () => ({ name: 'New name', metadata: { a: 1, b: null } }),
  },
  'delete-project': { path: ({ project }) => `/api/v1/projects/${project}` },
  'restore-project': { path: ({ project }) => `/api/v1/projects/${project}/restore`, prepare: trash('project') },
  'purge-project': { path: ({ project }) => `/api/v1/projects/${project}/purge`, prepare: trash('project') },
  'list-tasks': {
    path: ({ project }) =>
      `/api/v1/tasks?project_id=${project}&parent_id=none&status=pending,completed&priority_min=0&tag=design&q=sk&metadata={}&due_after=2020-01-01&due_before=2020-01-02&overdue=true&sort=due_on,-priority`,
  },
  'list-project-tasks': { path: ({ project }) => `/api/v1/projects/${project}/tasks` },
  'get-task': { path: ({ task }) => `/api/v1/tasks/${task}?include=subtasks` },
  'update-task': {
    path: ({ task }) => `/api/v1/tasks/${task}`,
    body: ({ project }) => ({
      title: 'New title',
      metadata: { a: 1 },
      project_id: project,
      parent_id: null,
      tags: { add: ['new'], remove: ['design'] },
    }),
  },
  'delete-task': { path: ({ task }) => `/api/v1/tasks/${task}` },
  'restore-task': { path: ({ task }) => `/api/v1/tasks/${task}/restore`, prepare: trash('task') },
  'purge-task': { path: ({ task }) => `/api/v1/tasks/${task}/purge`, prepare: trash('task') },
  'put-task-tag': { path: ({ task, tag }) => `/api/v1/tasks/${task}/tags/${tag}` },
  'delete-task-tag': { path: ({ task, tag }) => `/api/v1/tasks/${task}/tags/${tag}` },
  'get-tag': { path: ({ tag }) => `/api/v1/tags/${tag}` },
  'update-tag': {
    path: ({ tag }) => `/api/v1/tags/${tag}`,
    body: () => ({ name: `tag ${randomUUID().slice(0, 8)}`, color: null }),
  },
  'delete-tag': { path: ({ tag }) => `/api/v1/tags/${tag}` },
  'list-trash': { path: () => '/api/v1/trash', prepare: trash('task') },
  'list-audit-log': {
    path: ({ project }) => `/api/v1/audit-log?resource_type=project&resource_id=${project}&action=insert`,
  },
  'create-tenant': { path: () => '/api/v1/tenants', body: () => ({ name: 'Acme' }) },
  'delete-tenant': {
    path: ({ tenant }) => `/api/v1/tenants/${tenant.id}`,
    prepare: ({ tenant }, api) =>
      api.platform(`/api/v1/tenants/${tenant.id}`, { method: 'PATCH', body: { status: 'suspended' } }),
  },
  'list-tenants': { path: () => '/api/v1/tenants' },
  'update-tenant': { path: ({ tenant }) => `/api/v1/tenants/${tenant.id}`, body: () => ({ name: 'Acme & Sons' }) },
  'get-own-tenant': { path: () => '/api/v1/tenant' },
  docs: { path: () => '/docs' },
  health: { path: () => '/health' },
  ready: { path: () => '/ready' },
  openapi: { path: () => '/api/v1/openapi.json' },
};

export const definitions: Definition[] = functions.map(({ definition }) => definition);

/** A tenant with a project, a task and a tag, ready for the example of an endpoint. */
export async function makeWorld(api: TestApi, definition?: Definition): Promise<World> {
  const tenant = await api.tenant();
  const { status, text, json } = await tenant.post('/api/v1/projects', {
    name: 'Website',
    tasks: [{ title: 'Sketch', tags: ['design'] }],
  });
  if (status !== 201) throw new Error(`makeWorld in test/support/examples.ts: ${status} ${text}`);
  const world = { tenant, project: json.id, task: json.tasks[0].id, tag: json.tasks[0].tags[0].id };
  await examples[definition?.operationId ?? '']?.prepare?.(world, api);
  return world;
}

/** The example of an endpoint. Where there is none, the error says what to do. */
export function exampleOf({ operationId }: Pick<Definition, 'operationId'>): Example {
  const example = examples[operationId];
  if (example) return example;
  throw new Error(
    `The endpoint ${operationId} has no example: add one to test/support/examples.ts, with a path, a body where it takes one, and what must be done before it can succeed.`,
  );
}

/** Calls an endpoint as its example says, with the token that it needs unless another is given. */
export async function callExample(
  api: TestApi,
  { operationId, method, access }: Pick<Definition, 'operationId' | 'method' | 'access'>,
  world: World,
  call: Call = {},
): Promise<Reply> {
  const example = exampleOf({ operationId });
  const request: Call = {
    method: method.toUpperCase(),
    ...(example.body ? { body: example.body(world) } : {}),
    ...call,
  };
  const path = example.path(world);
  if (access === 'platform' && !('token' in call)) return api.platform(path, request);
  if (access === 'public' || 'token' in call) return api.call(path, request);
  return world.tenant.call(path, request);
}
