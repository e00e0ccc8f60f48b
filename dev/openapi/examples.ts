import { PROBLEMS, type ProblemCode } from '../../src/problem.ts';

/* Example responses of each endpoint, for the OpenAPI document. They belong together: one project, its tasks and tags. */

const at = { created_at: '2026-03-01T09:30:00.000Z', updated_at: '2026-03-02T14:05:00.250Z' };
const PROJECT = '019ca8b1-6f40-7c3a-9f00-3c1d2e4f5a6b';
const cursor = 'WyIyIiwiMDE5Y2E4YjEtNmY0MSJd.8d4aaa60b4e31ff2';

const MEMBER = { id: '019ca8b1-6f20-7eee-8f00-4b7c8d9e0f1a', name: 'Ada Lovelace' };

const tenant = { id: '019ca8b1-6f00-7aaa-8f00-0d2e4f5a6b7c', name: 'Acme', status: 'active', ...at };
const member = { ...MEMBER, subject: 'ada', email: 'ada@example.com', status: 'active', version: 1, ...at };
const apiKey = {
  id: '019ca8b1-6f30-7fff-8f00-5c8d9e0f1a2b',
  name: 'Nightly report',
  role: 'viewer',
  member_id: null,
  status: 'active',
  expires_at: null,
  created_at: at.created_at,
  created_by: 'ada',
  revoked_at: null,
};
// With a wrong checksum, so that no scanner for secrets takes it for a key.
const key = `ot_${'0'.repeat(43)}_${'0'.repeat(49)}`;
const tag = { id: '019ca8b1-6f3f-7bbb-8f00-1e4f5a6b7c8d', name: 'design', color: '#7A5CFF', version: 1, ...at };
const task = {
  id: '019ca8b1-6f41-7ccc-8f00-2f5a6b7c8d9e',
  project_id: PROJECT,
  parent_id: null,
  title: 'Sketch',
  description: null,
  status: 'in_progress',
  priority: 2,
  due_on: '2026-03-15',
  position: 1,
  metadata: {},
  completed_at: null,
  version: 2,
  created_by: 'ada',
  ...at,
  tags: [{ id: tag.id, name: tag.name, color: tag.color }],
  assignees: [{ ...MEMBER, role: 'owner', assigned_at: at.created_at }],
  is_blocked: false,
  comment_count: 1,
};
const taskWithProject = { ...task, project: { id: PROJECT, name: 'Website Redesign' } };
const blocker = {
  id: '019ca8b1-6f42-7fff-8f00-5c8d9e0f1a2b',
  project_id: PROJECT,
  title: 'Ask the client for the logo',
  status: 'completed',
};
const project = {
  id: PROJECT,
  name: 'Website Redesign',
  description: 'Redesign company website',
  status: 'active',
  metadata: { client: 'acme' },
  version: 1,
  task_count: 1,
  created_by: 'ada',
  ...at,
};
const projectWithTasks = { ...project, tasks: [task], tasks_page: { limit: 200, has_more: false, next_cursor: null } };
const stats = {
  task_count: 4,
  by_status: { pending: 1, in_progress: 1, completed: 1, cancelled: 1 },
  overdue_count: 1,
  completion_ratio: 0.3333333333333333,
  by_tag: [{ id: tag.id, name: tag.name, color: tag.color, task_count: 2 }],
  by_assignee: [{ ...MEMBER, task_count: 1 }],
};
const trashed = {
  type: 'project',
  id: PROJECT,
  name: project.name,
  version: 2,
  deleted_at: at.updated_at,
  deleted_by: 'ada',
};
const auditEntry = {
  id: '019ca8b1-7000-7ddd-8f00-3a6b7c8d9e0f',
  at: at.updated_at,
  actor: 'ada',
  request_id: 'b6b9e345-9f1c-4cb1-b8a8-18f11af17e34',
  action: 'update',
  resource_type: 'task',
  resource_id: task.id,
  changes: { status: ['pending', 'in_progress'] },
};

const comment = {
  id: '019ca8b1-7100-7fff-8f00-5c8d9e0f1a2b',
  task_id: task.id,
  author: MEMBER,
  actor: 'ada',
  body: `The second draft is **much** better. @[${MEMBER.id}]`,
  mentions: [MEMBER],
  version: 2,
  ...at,
  edited_at: at.updated_at,
};
const { request_id: _, ...change } = auditEntry;
const activityEntry = { ...change, member: MEMBER, type: 'change', comment: null };

function listOf(item: object) {
  return { data: [item], page: { limit: 20, has_more: true, next_cursor: cursor } };
}

/** By endpoint name. */
/** The answer to one operation of a batch, which makes something. */
function result<T extends { id: string; version: number }>(id: string | null, path: string, body: T) {
  const etag = `"${body.version}.9f86d081884c7d659a2feaa0c55ad015"`;
  return { id, status: 201, location: path + body.id, etag, body };
}

export const responseExamples: Record<string, object> = {
  'create-project': projectWithTasks,
  'get-project': projectWithTasks,
  'restore-project': projectWithTasks,
  'update-project': project,
  'list-projects': listOf(project),
  'get-project-stats': stats,
  'create-task': taskWithProject,
  'get-task': { ...taskWithProject, blocked_by: [blocker], blocks: [] },
  'update-task': taskWithProject,
  'restore-task': taskWithProject,
  'list-tasks': listOf(task),
  'list-project-tasks': listOf(task),
  batch: {
    results: [
      result('trip', '/api/v1/projects/', { ...projectWithTasks, tasks: [], task_count: 0 }),
      result('book', '/api/v1/tasks/', taskWithProject),
      result(null, '/api/v1/tasks/', { ...taskWithProject, id: blocker.id, parent_id: task.id }),
      result(null, '/api/v1/comments/', comment),
    ],
  },
  'create-member': member,
  'get-member': member,
  'update-member': { ...member, version: 2, status: 'deactivated' },
  'list-members': listOf(member),
  'get-me': {
    subject: member.subject,
    role: 'admin',
    tenant: { id: tenant.id, name: tenant.name },
    member,
    credential: 'token',
  },
  'put-me': member,
  'create-api-key': { ...apiKey, key },
  'list-api-keys': listOf(apiKey),
  'create-tag': tag,
  'get-tag': tag,
  'update-tag': tag,
  'list-tags': listOf({ ...tag, task_count: 2 }),
  'create-comment': comment,
  'get-comment': comment,
  'update-comment': comment,
  'list-task-comments': listOf(comment),
  'list-comments': listOf(comment),
  'list-task-activity': listOf(activityEntry),
  'list-project-activity': listOf(activityEntry),
  'list-changes': {
    data: [
      { type: 'tag', id: tag.id, action: 'upsert', version: 1, at: at.updated_at, actor: 'ada', resource: tag },
      {
        type: 'task',
        id: blocker.id,
        action: 'delete',
        version: null,
        at: at.updated_at,
        actor: 'ada',
        resource: null,
      },
    ],
    page: { limit: 20, has_more: false, next_cursor: cursor },
  },
  'list-trash': listOf(trashed),
  'list-audit-log': listOf(auditEntry),
  'create-tenant': tenant,
  'update-tenant': tenant,
  'delete-tenant': { ...tenant, status: 'deleting' },
  'get-own-tenant': tenant,
  'list-tenants': listOf(tenant),
  health: { status: 'ok' },
  ready: { status: 'ready' },
  openapi: { openapi: '3.1.0' },
};

/** A problem as it looks, by its code. */
export function problemExample(code: ProblemCode): object {
  const errors = {
    errors: [{ pointer: '/tasks/0/title', code: 'too_long', message: 'must be at most 255 characters' }],
  };
  return {
    type: `https://onetrip.dev/problems/${code}`,
    title: PROBLEMS[code].title,
    status: PROBLEMS[code].status,
    code,
    detail:
      code === 'validation_failed' ? '/tasks/0/title: must be at most 255 characters' : `${PROBLEMS[code].title}.`,
    request_id: 'b6b9e345-9f1c-4cb1-b8a8-18f11af17e34',
    ...(code === 'validation_failed' ? errors : {}),
    ...(code === 'precondition_failed' ? { current_version: 3 } : {}),
  };
}
