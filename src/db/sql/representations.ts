import { type Expression, expressionBuilder, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { DB } from '../types.ts';

/*
 * The members of each resource's JSON, as SQL expressions by name. Every query that shows a resource builds its JSON from
 * these, so that it looks the same everywhere; the parameter `fields` picks some of them. Members that read further
 * tables take the tenant as a constant for each table, so that the planner cannot choose to join on the tenant alone.
 */

const tenants = expressionBuilder<DB, 'tenants'>();
const projects = expressionBuilder<DB, 'projects'>();
const tasks = expressionBuilder<DB, 'tasks'>();
const tags = expressionBuilder<DB, 'tags'>();

function rfc3339<T extends string | null = string>(moment: Expression<unknown>) {
  return sql<T>`rfc3339(${moment})`;
}

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

/** The tags of a task, by name. */
function tagsOf(tenantId: string) {
  return jsonArrayFrom(
    tasks
      .selectFrom('task_tags')
      .innerJoin('tags', 'tags.id', 'task_tags.tag_id')
      .where('tags.tenant_id', '=', tenantId)
      .where('task_tags.tenant_id', '=', tenantId)
      .whereRef('task_tags.task_id', '=', 'tasks.id')
      .select(['tags.id', 'tags.name', 'tags.color'])
      .orderBy('tags.name')
      .orderBy('tags.id'),
  );
}

export const tenantMembers = {
  id: tenants.ref('tenants.id'),
  name: tenants.ref('tenants.name'),
  status: tenants.ref('tenants.status'),
  created_at: rfc3339(tenants.ref('tenants.created_at')),
  updated_at: rfc3339(tenants.ref('tenants.updated_at')),
};

export const projectMembers = (tenantId: string) => ({
  id: projects.ref('projects.id'),
  name: projects.ref('projects.name'),
  description: projects.ref('projects.description'),
  status: projects.ref('projects.status'),
  metadata: projects.ref('projects.metadata'),
  version: projects.ref('projects.version'),
  task_count: sql<number>`${liveTaskCount(tenantId)}`,
  created_by: projects.ref('projects.created_by'),
  created_at: rfc3339(projects.ref('projects.created_at')),
  updated_at: rfc3339(projects.ref('projects.updated_at')),
});

export const taskMembers = (tenantId: string) => ({
  id: tasks.ref('tasks.id'),
  project_id: tasks.ref('tasks.project_id'),
  parent_id: tasks.ref('tasks.parent_id'),
  title: tasks.ref('tasks.title'),
  description: tasks.ref('tasks.description'),
  status: tasks.ref('tasks.status'),
  priority: tasks.ref('tasks.priority'),
  due_on: tasks.ref('tasks.due_on'),
  position: tasks.ref('tasks.position'),
  metadata: tasks.ref('tasks.metadata'),
  completed_at: rfc3339<string | null>(tasks.ref('tasks.completed_at')),
  version: tasks.ref('tasks.version'),
  created_by: tasks.ref('tasks.created_by'),
  created_at: rfc3339(tasks.ref('tasks.created_at')),
  updated_at: rfc3339(tasks.ref('tasks.updated_at')),
  tags: tagsOf(tenantId),
});

export const tagMembers = {
  id: tags.ref('tags.id'),
  name: tags.ref('tags.name'),
  color: tags.ref('tags.color'),
  version: tags.ref('tags.version'),
  created_at: rfc3339(tags.ref('tags.created_at')),
  updated_at: rfc3339(tags.ref('tags.updated_at')),
};

/** The member that tags have in lists only. */
export const tagCount = (tenantId: string) => ({ task_count: sql<number>`${liveTagCount(tenantId)}` });

const audit = expressionBuilder<DB, 'audit_log'>();

export const auditMembers = {
  id: audit.ref('audit_log.id'),
  at: rfc3339(audit.ref('audit_log.at')),
  actor: audit.ref('audit_log.actor'),
  request_id: audit.ref('audit_log.request_id'),
  action: audit.ref('audit_log.action'),
  resource_type: audit.ref('audit_log.resource_type'),
  resource_id: audit.ref('audit_log.resource_id'),
  changes: audit.ref('audit_log.changes'),
};
