import { expressionBuilder, type Selectable, sql } from 'kysely';
import type { JsonText } from '../client/read.ts';
import type { DB } from '../types.ts';
import {
  array,
  bare,
  type JsonIn,
  type JsonItems,
  jsonObject,
  type Members,
  moment,
  nested,
  pick,
  plain,
  text,
} from './json.ts';

/*
 * The members of each resource's JSON, as SQL expressions by name. Every query that shows a resource builds its JSON from
 * these, so that it looks the same everywhere; the parameter `fields` picks some of them. Members that read further
 * tables take the tenant as a constant for each table, so that the planner cannot choose to join on the tenant alone.
 */

const tenants = expressionBuilder<DB, 'tenants'>();
const projects = expressionBuilder<DB, 'projects'>();
const tasks = expressionBuilder<DB, 'tasks'>();
const tags = expressionBuilder<DB, 'tags'>();

/** How many tasks of a project are not in the trash. */
export function liveTaskCount(tenantId: string) {
  return projects
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', tenantId)
    .whereRef('tasks.project_id', '=', 'projects.id')
    .where('tasks.deleted_at', 'is', null)
    .select(sql<number>`count(*)::integer`.as('task_count'));
}

/** How many tasks with a tag are not in the trash. */
export function liveTagCount(tenantId: string) {
  // The planner expects few rows of unnest(), so it always makes one hash table of the trash, which serves all tags.
  const trash = sql`select unnest(array(select id from tasks where tenant_id = ${tenantId} and trash_id is not null))`;
  return tags
    .selectFrom('task_tags')
    .where('task_tags.tenant_id', '=', tenantId)
    .whereRef('task_tags.tag_id', '=', 'tags.id')
    .where(sql<boolean>`task_tags.task_id not in (${trash})`)
    .select(sql<number>`count(*)::integer`.as('task_count'));
}

interface TagOfTask {
  id: string;
  name: string;
  color: string | null;
}

/**
 * The tags of a task, by name. Their text stands on the task; where a tag of the tenant has changed since it was written,
 * it is made anew (see the migration on `stale_tags_json`). Whether that is so is looked up once for all tasks.
 */
function tagsOf(tenantId: string) {
  const isStale = sql`exists (select from stale_tags_json where tenant_id = ${tenantId})`;
  return sql<JsonText<TagOfTask[]>>`case
    when (select ${isStale}) then tags_json_of(${tenantId}, tasks.id) else tasks.tags_json end`;
}

export interface AssigneeOfTask {
  id: string;
  name: string;
  role: Selectable<DB['assignees']>['role'];
  assigned_at: string;
}

/** The assignees of a task, the owner first, then by name: kept as its tags are. */
function assigneesOf(tenantId: string) {
  const isStale = sql`exists (select from stale_tags_json where tenant_id = ${tenantId})`;
  return sql<JsonText<AssigneeOfTask[]>>`case
    when (select ${isStale}) then assignees_json_of(${tenantId}, tasks.id) else tasks.assignees_json end`;
}

/**
 * Whether a task has a blocker that is neither completed, cancelled nor in the trash. Most tasks have none, and say so
 * themselves. Each blocker is looked up by a scalar subquery: of a join, or of EXISTS, PostgreSQL might make one hash table
 * for all tasks, from all that the tenant has.
 */
export function isBlocked(tenantId: string) {
  return sql<boolean>`case when tasks.has_blockers then coalesce((
    select bool_or((
      select blocker.status in ('pending', 'in_progress') and blocker.deleted_at is null
      from tasks as blocker where blocker.tenant_id = ${tenantId} and blocker.id = dependencies.blocker_id))
    from dependencies where dependencies.tenant_id = ${tenantId} and dependencies.task_id = tasks.id), false) else false end`;
}

export const tenantMembers = {
  id: plain(tenants.ref('tenants.id')),
  name: text(tenants.ref('tenants.name')),
  status: plain(tenants.ref('tenants.status')),
  created_at: moment(tenants.ref('tenants.created_at')),
  updated_at: moment(tenants.ref('tenants.updated_at')),
};

export const projectMembers = (tenantId: string) => ({
  id: plain(projects.ref('projects.id')),
  name: text(projects.ref('projects.name')),
  description: text(projects.ref('projects.description')),
  status: plain(projects.ref('projects.status')),
  metadata: bare(projects.ref('projects.metadata')),
  version: bare(projects.ref('projects.version')),
  task_count: bare(sql<number>`${liveTaskCount(tenantId)}`),
  created_by: text(projects.ref('projects.created_by')),
  created_at: moment(projects.ref('projects.created_at')),
  updated_at: moment(projects.ref('projects.updated_at')),
});

/** Those of a task's members that `tasks.own_json` holds, in its order: a test compares the texts. */
const ownTaskMembers = {
  id: plain(tasks.ref('tasks.id')),
  project_id: plain(tasks.ref('tasks.project_id')),
  parent_id: plain(tasks.ref('tasks.parent_id')),
  title: text(tasks.ref('tasks.title')),
  status: plain(tasks.ref('tasks.status')),
  priority: bare(tasks.ref('tasks.priority')),
  due_on: text(tasks.ref('tasks.due_on')),
  position: bare(tasks.ref('tasks.position')),
  completed_at: moment<string | null>(tasks.ref('tasks.completed_at')),
  version: bare(tasks.ref('tasks.version')),
  created_by: text(tasks.ref('tasks.created_by')),
  created_at: moment(tasks.ref('tasks.created_at')),
  updated_at: moment(tasks.ref('tasks.updated_at')),
};

/** Those that can be long, or are kept by other tables, and change the task's version. */
const versionedTaskMembers = (tenantId: string) => ({
  description: text(tasks.ref('tasks.description')),
  metadata: bare(tasks.ref('tasks.metadata')),
  tags: { ...nested(tagsOf(tenantId)), isLarge: false },
  assignees: { ...nested(assigneesOf(tenantId)), isLarge: false },
});

/** The others than its own. */
const otherTaskMembers = (tenantId: string) => ({
  ...versionedTaskMembers(tenantId),
  is_blocked: bare(isBlocked(tenantId)),
  comment_count: bare(tasks.ref('tasks.comment_count')),
});

const ownTaskJson = (tenantId: string) => sql<string>`coalesce(tasks.own_json, task_own_json(${tenantId}, tasks.id))`;

type TaskMembers = typeof ownTaskMembers & ReturnType<typeof otherTaskMembers>;
export type TaskJson = JsonIn<ReturnType<typeof jsonObject<TaskMembers>>>;

/**
 * The JSON of a task. That of its short members stands on the row as finished text (see the migration on `own_json`).
 * @param more further members, which stand last
 * @param fields the only members to show; all where it is undefined
 */
export function taskJson<M extends Members>(tenantId: string, more: M, fields?: string[]) {
  const others = { ...otherTaskMembers(tenantId), ...more };
  const json = fields
    ? jsonObject(pick({ ...ownTaskMembers, ...others }, fields))
    : jsonObject(others, ownTaskJson(tenantId));
  return json as unknown as ReturnType<typeof jsonObject<TaskMembers & M>>;
}

type VersionedTaskMembers = typeof ownTaskMembers & ReturnType<typeof versionedTaskMembers>;

/** The JSON of a task without what is counted from other rows, which can change without a new version of the task. */
export function versionedTaskJson(tenantId: string) {
  const json = jsonObject(versionedTaskMembers(tenantId), ownTaskJson(tenantId));
  return json as unknown as ReturnType<typeof jsonObject<VersionedTaskMembers>>;
}

const members = expressionBuilder<DB, 'members'>();
const comments = expressionBuilder<DB, 'comments'>();

export const memberMembers = {
  id: plain(members.ref('members.id')),
  subject: text(members.ref('members.subject')),
  name: text(members.ref('members.name')),
  email: text(members.ref('members.email')),
  status: plain(members.ref('members.status')),
  version: bare(members.ref('members.version')),
  created_at: moment(members.ref('members.created_at')),
  updated_at: moment(members.ref('members.updated_at')),
};

interface MemberName {
  id: string;
  name: string;
}

/** The JSON of a member where another resource shows it: of the row of `members` with this alias. */
export function memberName(alias = 'members') {
  return jsonObject({
    id: plain(sql<string>`${sql.ref(`${alias}.id`)}`),
    name: text(sql<string>`${sql.ref(`${alias}.name`)}`),
  });
}

export const commentMembers = (tenantId: string) => ({
  id: plain(comments.ref('comments.id')),
  task_id: plain(comments.ref('comments.task_id')),
  author: nested(sql<JsonText<MemberName | null>>`(
    select ${memberName()} from members where members.tenant_id = ${tenantId} and members.id = comments.author_id)`),
  actor: text(comments.ref('comments.actor')),
  body: text(comments.ref('comments.body')),
  mentions: array(sql<JsonItems<MemberName>>`(
    select string_agg(${memberName()}, ',' order by mentioned.n)
    from comment_mentions as mentioned join members on members.id = mentioned.member_id
    where mentioned.tenant_id = ${tenantId} and members.tenant_id = ${tenantId} and mentioned.comment_id = comments.id)`),
  version: bare(comments.ref('comments.version')),
  created_at: moment(comments.ref('comments.created_at')),
  updated_at: moment(comments.ref('comments.updated_at')),
  edited_at: moment<string | null>(comments.ref('comments.edited_at')),
});

const apiKeys = expressionBuilder<DB, 'api_keys'>();

export type ApiKeyStatus = 'active' | 'revoked' | 'expired';

/** Whether a key is good, as far as its own row tells. */
export const apiKeyStatus = sql<ApiKeyStatus>`case
  when api_keys.revoked_at is not null then 'revoked'
  when api_keys.expires_at <= now() then 'expired'
  else 'active' end`;

export const apiKeyMembers = {
  id: plain(apiKeys.ref('api_keys.id')),
  name: text(apiKeys.ref('api_keys.name')),
  role: plain(apiKeys.ref('api_keys.role')),
  member_id: plain(apiKeys.ref('api_keys.member_id')),
  status: plain(apiKeyStatus),
  expires_at: moment<string | null>(apiKeys.ref('api_keys.expires_at')),
  created_at: moment(apiKeys.ref('api_keys.created_at')),
  created_by: text(apiKeys.ref('api_keys.created_by')),
  revoked_at: moment<string | null>(apiKeys.ref('api_keys.revoked_at')),
};

const webhooks = expressionBuilder<DB, 'webhooks'>();
const deliveries = expressionBuilder<DB, 'webhook_deliveries'>();

type DeliveryStatus = Selectable<DB['webhook_deliveries']>['status'];

export const webhookMembers = (tenantId: string) => ({
  id: plain(webhooks.ref('webhooks.id')),
  url: text(webhooks.ref('webhooks.url')),
  events: bare(sql<string[]>`to_json(webhooks.events)`),
  status: plain(webhooks.ref('webhooks.status')),
  paused_reason: text(webhooks.ref('webhooks.paused_reason')),
  description: text(webhooks.ref('webhooks.description')),
  version: bare(webhooks.ref('webhooks.version')),
  created_at: moment(webhooks.ref('webhooks.created_at')),
  updated_at: moment(webhooks.ref('webhooks.updated_at')),
  last_delivery: nested(sql<JsonText<{ at: string; status: DeliveryStatus } | null>>`(
    select ${jsonObject({
      at: moment(deliveries.ref('webhook_deliveries.tried_at')),
      status: plain(deliveries.ref('webhook_deliveries.status')),
    })}
    from webhook_deliveries
    where webhook_deliveries.tenant_id = ${tenantId} and webhook_deliveries.webhook_id = webhooks.id
      and webhook_deliveries.tried_at is not null
    order by webhook_deliveries.tried_at desc limit 1)`),
});

/** What came of the last attempt. A delivery that is sent again is pending, and what was before says nothing of that. */
const outcome = <T>(member: 'ms' | 'http_status' | 'response' | 'error') =>
  sql<T | null>`case when webhook_deliveries.status <> 'pending' then ${deliveries.ref(`webhook_deliveries.${member}`)} end`;

export const deliveryMembers = {
  id: plain(deliveries.ref('webhook_deliveries.id')),
  event: plain(deliveries.ref('webhook_deliveries.event')),
  resource_id: plain(deliveries.ref('webhook_deliveries.resource_id')),
  attempt: bare(deliveries.ref('webhook_deliveries.attempt')),
  status: plain(deliveries.ref('webhook_deliveries.status')),
  ms: bare(outcome<number>('ms')),
  http_status: bare(outcome<number>('http_status')),
  response: text(outcome<string>('response')),
  error: text(outcome<string>('error')),
  at: moment(deliveries.ref('webhook_deliveries.created_at')),
  // One that waits for an earlier one of its resource is due once that has arrived.
  next_attempt_at: moment<string | null>(sql`nullif(webhook_deliveries.next_attempt_at, 'infinity')`),
};

export const tagMembers = {
  id: plain(tags.ref('tags.id')),
  name: text(tags.ref('tags.name')),
  color: plain(tags.ref('tags.color')),
  version: bare(tags.ref('tags.version')),
  created_at: moment(tags.ref('tags.created_at')),
  updated_at: moment(tags.ref('tags.updated_at')),
};

/** The member that tags have in lists only. */
export const tagCount = (tenantId: string) => ({ task_count: bare(sql<number>`${liveTagCount(tenantId)}`) });

const audit = expressionBuilder<DB, 'audit_log'>();

export const auditMembers = {
  id: plain(audit.ref('audit_log.id')),
  at: moment(audit.ref('audit_log.at')),
  actor: text(audit.ref('audit_log.actor')),
  request_id: text(audit.ref('audit_log.request_id')),
  action: plain(audit.ref('audit_log.action')),
  resource_type: plain(audit.ref('audit_log.resource_type')),
  resource_id: plain(audit.ref('audit_log.resource_id')),
  changes: bare(audit.ref('audit_log.changes')),
};
