import { type Expression, expressionBuilder, sql } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { DB } from './types.ts';

/*
 * What the JSON of each resource is made of: its members as SQL expressions, by name. A query that shows a resource
 * builds it from these, so that it looks the same wherever it stands; `fields` picks from them.
 */

const tenants = expressionBuilder<DB, 'tenants'>();
const projects = expressionBuilder<DB, 'projects'>();
const tasks = expressionBuilder<DB, 'tasks'>();
const tags = expressionBuilder<DB, 'tags'>();

function rfc3339<T extends string | null = string>(moment: Expression<unknown>) {
  return sql<T>`rfc3339(${moment})`;
}

/** How many tasks of a project are not in the trash. */
export const liveTaskCount = projects
  .selectFrom('tasks')
  .whereRef('tasks.tenant_id', '=', 'projects.tenant_id')
  .whereRef('tasks.project_id', '=', 'projects.id')
  .where('tasks.deleted_at', 'is', null)
  .select(sql<number>`count(*)::integer`.as('task_count'));

/** How many tasks with a tag are not in the trash. */
export const liveTagCount = tags
  .selectFrom('task_tags')
  .innerJoin('tasks', (join) =>
    join.onRef('tasks.tenant_id', '=', 'task_tags.tenant_id').onRef('tasks.id', '=', 'task_tags.task_id'),
  )
  .whereRef('task_tags.tenant_id', '=', 'tags.tenant_id')
  .whereRef('task_tags.tag_id', '=', 'tags.id')
  .where('tasks.deleted_at', 'is', null)
  .select(sql<number>`count(*)::integer`.as('task_count'));

export const tenantMembers = {
  id: tenants.ref('tenants.id'),
  name: tenants.ref('tenants.name'),
  status: tenants.ref('tenants.status'),
  created_at: rfc3339(tenants.ref('tenants.created_at')),
  updated_at: rfc3339(tenants.ref('tenants.updated_at')),
};

export const projectMembers = {
  id: projects.ref('projects.id'),
  name: projects.ref('projects.name'),
  description: projects.ref('projects.description'),
  status: projects.ref('projects.status'),
  metadata: projects.ref('projects.metadata'),
  version: projects.ref('projects.version'),
  task_count: sql<number>`${liveTaskCount}`,
  created_by: projects.ref('projects.created_by'),
  created_at: rfc3339(projects.ref('projects.created_at')),
  updated_at: rfc3339(projects.ref('projects.updated_at')),
};

export const taskMembers = {
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
  tags: jsonArrayFrom(
    tasks
      .selectFrom('task_tags')
      .innerJoin('tags', (join) =>
        join.onRef('tags.tenant_id', '=', 'task_tags.tenant_id').onRef('tags.id', '=', 'task_tags.tag_id'),
      )
      .whereRef('task_tags.tenant_id', '=', 'tasks.tenant_id')
      .whereRef('task_tags.task_id', '=', 'tasks.id')
      .select(['tags.id', 'tags.name', 'tags.color'])
      .orderBy('tags.name')
      .orderBy('tags.id'),
  ),
};

export const tagMembers = {
  id: tags.ref('tags.id'),
  name: tags.ref('tags.name'),
  color: tags.ref('tags.color'),
  version: tags.ref('tags.version'),
  created_at: rfc3339(tags.ref('tags.created_at')),
  updated_at: rfc3339(tags.ref('tags.updated_at')),
};

/** What lists of tags show beside. */
export const tagCount = { task_count: sql<number>`${liveTagCount}` };

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
