import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
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
  /** Assigned to the task, author of the comment, mentioned in it. */
  member: string;
  comment: string;
  /** Another task of the project, which blocks the task. */
  blocker: string;
  api_key: string;
  webhook: string;
  /** To that webhook, of the task. */
  delivery: string;
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

const deactivate = ({ tenant, member }: World) =>
  tenant.call(`/api/v1/members/${member}`, { method: 'PATCH', body: { status: 'deactivated' } });

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
  batch: {
    path: () => '/api/v1/batch',
    body: ({ project, task, tag, member, blocker }) => ({
      operations: [
        { id: 'trip', method: 'POST', path: '/api/v1/projects', body: { name: 'Trip', tasks: [{ title: 'Pack' }] } },
        {
          id: 'book',
          method: 'POST',
          path: '/api/v1/projects/{trip}/tasks',
          body: { title: 'Book', tags: ['design'], assignees: [{ member_id: member }] },
        },
        { method: 'PATCH', path: `/api/v1/tasks/${task}`, body: { project_id: '{trip}', parent_id: '{book}' } },
        { method: 'PUT', path: `/api/v1/tasks/{book}/blockers/${blocker}` },
        { id: 'later', method: 'POST', path: '/api/v1/tags', body: { name: 'later' } },
        { method: 'PUT', path: `/api/v1/tasks/${task}/tags/{later}` },
        { method: 'DELETE', path: `/api/v1/tasks/${task}/tags/${tag}` },
        { method: 'POST', path: '/api/v1/tasks/{book}/comments', body: { body: `For @[${member}].` } },
        { method: 'DELETE', path: `/api/v1/tasks/${task}/blockers/${blocker}` },
        { method: 'DELETE', path: `/api/v1/projects/${project}`, if_match: '*' },
        { method: 'POST', path: `/api/v1/projects/${project}/restore?task_limit=1` },
      ],
    }),
  },
  'create-member': {
    path: () => '/api/v1/members',
    body: () => ({ name: 'Grace Hopper', email: 'grace@example.com', subject: `grace ${randomUUID().slice(0, 8)}` }),
  },
  'get-member': { path: ({ member }) => `/api/v1/members/${member}` },
  'list-members': { path: () => '/api/v1/members?status=active&q=ada+lov&sort=-created_at&count=true' },
  'update-member': {
    path: ({ member }) => `/api/v1/members/${member}`,
    body: () => ({ name: 'Ada King', email: 'ada@example.com', status: 'active', subject: 'ada' }),
  },
  'purge-member': { path: ({ member }) => `/api/v1/members/${member}/purge`, prepare: deactivate },
  'get-me': { path: () => '/api/v1/me' },
  'put-me': {
    path: () => '/api/v1/me',
    body: () => ({ name: 'Ada King', email: 'ada@example.com' }),
    // So that it changes the member, which has another status than making it.
    prepare: ({ tenant }) => tenant.call('/api/v1/me', { method: 'PUT', body: { name: 'Tester' } }),
  },
  'create-api-key': {
    path: () => '/api/v1/api-keys',
    body: ({ member }) => ({ name: 'report', role: 'viewer', expires_at: '2099-01-01T00:00:00Z', member_id: member }),
  },
  'list-api-keys': { path: () => '/api/v1/api-keys?status=active&count=true' },
  'delete-api-key': { path: ({ api_key }) => `/api/v1/api-keys/${api_key}` },
  'create-webhook': {
    path: () => '/api/v1/webhooks',
    body: () => ({
      url: 'https://example.com/hook',
      events: ['task.created', 'comment.*'],
      description: 'For the chat',
    }),
  },
  'get-webhook': { path: ({ webhook }) => `/api/v1/webhooks/${webhook}` },
  'list-webhooks': { path: () => '/api/v1/webhooks?status=active&count=true' },
  'update-webhook': {
    path: ({ webhook }) => `/api/v1/webhooks/${webhook}`,
    body: () => ({ url: 'https://example.com/other', events: ['*'], description: null, status: 'active' }),
  },
  'delete-webhook': { path: ({ webhook }) => `/api/v1/webhooks/${webhook}` },
  'rotate-webhook-secret': { path: ({ webhook }) => `/api/v1/webhooks/${webhook}/rotate-secret` },
  'test-webhook': { path: ({ webhook }) => `/api/v1/webhooks/${webhook}/test` },
  'list-webhook-deliveries': {
    path: ({ webhook }) => `/api/v1/webhooks/${webhook}/deliveries?status=pending&count=true`,
  },
  'redeliver-webhook-delivery': {
    path: ({ webhook, delivery }) => `/api/v1/webhooks/${webhook}/deliveries/${delivery}/redeliver`,
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
      `/api/v1/tasks?project_id=${project}&parent_id=none&status=pending,completed&priority_min=0&tag=design&q=sk&metadata={}&due_after=2020-01-01&due_before=2020-01-02&overdue=true&blocked=true&sort=due_on,-priority`,
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
  'put-task-assignee': {
    path: ({ task, member }) => `/api/v1/tasks/${task}/assignees/${member}`,
    body: () => ({ role: 'reviewer' }),
  },
  'delete-task-assignee': { path: ({ task, member }) => `/api/v1/tasks/${task}/assignees/${member}` },
  'put-task-blocker': { path: ({ task, blocker }) => `/api/v1/tasks/${task}/blockers/${blocker}` },
  'delete-task-blocker': { path: ({ task, blocker }) => `/api/v1/tasks/${task}/blockers/${blocker}` },
  'get-tag': { path: ({ tag }) => `/api/v1/tags/${tag}` },
  'update-tag': {
    path: ({ tag }) => `/api/v1/tags/${tag}`,
    body: () => ({ name: `tag ${randomUUID().slice(0, 8)}`, color: null }),
  },
  'delete-tag': { path: ({ tag }) => `/api/v1/tags/${tag}` },
  'create-comment': {
    path: ({ task }) => `/api/v1/tasks/${task}/comments`,
    body: ({ member }) => ({ body: `Shall we take the blue one, @[${member}]?` }),
  },
  'list-task-comments': { path: ({ task }) => `/api/v1/tasks/${task}/comments?count=true` },
  'list-comments': {
    path: ({ member }) =>
      `/api/v1/comments?author=${member}&mentions=${member}&q=sket&created_after=2020-01-01T00:00:00Z&count=true`,
  },
  'get-comment': { path: ({ comment }) => `/api/v1/comments/${comment}` },
  'update-comment': {
    path: ({ comment }) => `/api/v1/comments/${comment}`,
    body: ({ member }) => ({ body: `The green one, @[${member}]!` }),
  },
  'delete-comment': { path: ({ comment }) => `/api/v1/comments/${comment}` },
  'list-task-activity': { path: ({ task }) => `/api/v1/tasks/${task}/activity?count=true` },
  'list-project-activity': { path: ({ project }) => `/api/v1/projects/${project}/activity?count=true` },
  'list-changes': { path: () => '/api/v1/changes?limit=3' },
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
  // With an API key it asks the database as a tool does, and is refused where any tool would be.
  mcp: { path: () => '/mcp', body: () => ({ jsonrpc: '2.0', id: 1, method: 'tools/list' }) },
  docs: { path: () => '/docs' },
  health: { path: () => '/health' },
  ready: { path: () => '/ready' },
  openapi: { path: () => '/api/v1/openapi.json' },
};

export const definitions: Definition[] = functions.map(({ definition }) => definition);

/** Those that the OpenAPI document describes, and whose inputs it names: all but those of another protocol. */
export const operations: Definition[] = definitions.filter(({ protocol }) => !protocol);

/** A tenant with rows of every kind, ready for the example of an endpoint. */
export async function makeWorld(api: TestApi, definition?: Definition): Promise<World> {
  const world = await makeIds(api);
  await api.database.admin.query(rowsOf(world));
  await examples[definition?.operationId ?? '']?.prepare?.(world, api);
  return world;
}

/** Two worlds of tenants in the same database, where there are several. */
export async function makeNeighbours(api: TestApi): Promise<[World, World]> {
  const one = await makeWorld(api);
  const homeOf = ({ tenant }: World) => api.database.homeOf(tenant.id);
  for (;;) {
    const other = await makeWorld(api);
    if ((await homeOf(other)) === (await homeOf(one))) return [one, other];
  }
}

/** A tenant without rows, and ids of none: enough for requests that are refused before the database is asked. */
export async function makeIds(api: TestApi): Promise<World> {
  const ids = Array.from({ length: 9 }, () => uuidv7()) as Ids;
  const [project, task, blocker, tag, member, comment, api_key, webhook, delivery] = ids;
  return { tenant: await api.tenant(), project, task, blocker, tag, member, comment, api_key, webhook, delivery };
}

type Ids = [string, string, string, string, string, string, string, string, string];

/** Past the API, at once, because every test of an endpoint begins with this. */
function rowsOf({
  tenant: { id: tenant },
  project,
  task,
  blocker,
  tag,
  member,
  comment,
  api_key,
  ...of
}: World): string {
  return `
    begin;
    set local app.actor = 'tester';
    set local app.request_id = 'world';
    insert into projects (tenant_id, id, name) values ('${tenant}', '${project}', 'Website');
    insert into tasks (tenant_id, project_id, id, title, position)
    values ('${tenant}', '${project}', '${task}', 'Sketch', 1), ('${tenant}', '${project}', '${blocker}', 'Brief', 2);
    insert into tags (tenant_id, id, name) values ('${tenant}', '${tag}', 'design');
    insert into task_tags (tenant_id, task_id, tag_id) values ('${tenant}', '${task}', '${tag}');
    insert into members (tenant_id, id, name, subject) values ('${tenant}', '${member}', 'Ada Lovelace', 'ada');
    insert into assignees (tenant_id, task_id, member_id, role) values ('${tenant}', '${task}', '${member}', 'owner');
    insert into dependencies (tenant_id, task_id, blocker_id) values ('${tenant}', '${task}', '${blocker}');
    insert into comments (tenant_id, id, task_id, author_id, actor, body)
    values ('${tenant}', '${comment}', '${task}', '${member}', 'ada', 'Sketched by @[${member}]');
    insert into comment_mentions (tenant_id, comment_id, member_id, n) values ('${tenant}', '${comment}', '${member}', 1);
    insert into api_keys (tenant_id, id, name, secret_hash) values ('${tenant}', '${api_key}', 'script', sha256('secret'));
    insert into webhooks (tenant_id, id, url, events) values ('${tenant}', '${of.webhook}', 'https://example.com/', '{tag.deleted}');
    insert into webhook_secrets (tenant_id, webhook_id, sealed) values ('${tenant}', '${of.webhook}', 'test.');
    insert into webhook_deliveries (tenant_id, id, webhook_id, event, resource_type, resource_id, body)
    values ('${tenant}', '${of.delivery}', '${of.webhook}', 'task.created', 'task', '${task}', '{"timestamp":"","data":{}}');
    insert into webhook_outbox (tenant_id, event, resource_type, resource_id, body, webhook_ids)
    values ('${tenant}', 'task.created', 'task', '${task}', '{"timestamp":"","data":{}}', '{${of.webhook}}');
    commit`;
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
