import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { ReadOptions } from '../../client/read.ts';
import { isLive } from '../../sql/is-live.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { isOverdue } from '../../sql/overdue.ts';
import { taskJson } from '../../sql/representations.ts';
import { type TimeFilters, withinTimes } from '../../sql/time-filters.ts';
import type { Assignment } from './assign.ts';

interface TaskFilters extends TimeFilters {
  status?: string[] | undefined;
  priority_min?: number | undefined;
  /** Names of tags, all of which a task must have. */
  tag?: string[] | undefined;
  project_id?: string | undefined;
  /** Null selects tasks without a parent. */
  parent_id?: string | null | undefined;
  due_after?: string | undefined;
  due_before?: string | undefined;
  overdue?: boolean | undefined;
  blocked?: boolean | undefined;
  q?: string | undefined;
  /** The id of a member, `me` for the caller's own, `none` for tasks that nobody is assigned to. */
  assignee?: string | undefined;
  assignee_role?: Assignment['role'] | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export const taskSorts = {
  position: { expression: sql.ref('tasks.position'), type: 'float8' },
  created_at: { expression: sql.ref('tasks.created_at'), type: 'timestamptz' },
  updated_at: { expression: sql.ref('tasks.updated_at'), type: 'timestamptz' },
  due_on: { expression: sql.ref('tasks.due_on'), type: 'date', nullable: true },
  priority: { expression: sql.ref('tasks.priority'), type: 'integer' },
  title: { expression: sql.ref('tasks.title'), type: 'text' },
} satisfies SortMembers;

/** The tenant's tasks outside the trash, filtered. Where the list has an owner, the tasks of that project. */
export function listTasks(db: Database, filters: TaskFilters, request: ListRequest, options: ReadOptions) {
  const { owner, fields } = request;
  const live = db.query
    .selectFrom('tasks')
    .where('tasks.tenant_id', '=', db.tenantId)
    .where('tasks.deleted_at', 'is', null);
  let rows = withinTimes(live, 'tasks', filters);
  if (owner !== undefined) rows = rows.where('tasks.project_id', '=', owner);
  for (const condition of conditions(db, filters)) rows = rows.where(condition);
  const list = {
    ...(owner === undefined ? {} : { onlyIf: isLive(db, 'project', owner) }),
    rows,
    table: 'tasks',
    item: taskJson(db.tenantId, {}, fields),
    id: sql.ref<string>('tasks.id'),
    sorts: taskSorts,
  };
  return fetchPage(db, list, request, options);
}

function conditions(db: Database, filters: TaskFilters): RawBuilder<boolean>[] {
  const { status, priority_min, tag, project_id, parent_id, due_after, due_before, overdue, q, metadata } = filters;
  const { assignee, assignee_role, blocked } = filters;
  const all: RawBuilder<boolean>[] = [];
  if (status) all.push(sql<boolean>`tasks.status = any(${status}::text[])`);
  if (priority_min !== undefined) all.push(sql<boolean>`tasks.priority >= ${priority_min}::integer`);
  if (project_id !== undefined) all.push(sql<boolean>`tasks.project_id = ${project_id}`);
  if (parent_id === null) all.push(sql<boolean>`tasks.parent_id is null`);
  else if (parent_id !== undefined) all.push(sql<boolean>`tasks.parent_id = ${parent_id}`);
  if (due_after !== undefined) all.push(sql<boolean>`tasks.due_on > ${due_after}::date`);
  if (due_before !== undefined) all.push(sql<boolean>`tasks.due_on < ${due_before}::date`);
  if (overdue) all.push(isOverdue);
  if (q !== undefined) all.push(sql<boolean>`tasks.id = any(array(select search_tasks(${q})))`);
  if (metadata) {
    all.push(sql<boolean>`tasks.id = any(array(select tasks_with_metadata(${JSON.stringify(metadata)}::jsonb)))`);
  }
  if (tag) all.push(hasAllTags(db, tag));
  if (assignee === 'none') all.push(isUnassigned(db));
  else if (assignee !== undefined) all.push(isAssigned(db, assignee, assignee_role));
  if (blocked !== undefined) all.push(blocked ? isAmongBlocked(db) : sql<boolean>`not (${isAmongBlocked(db)})`);
  return all;
}

/**
 * A scalar subquery, which PostgreSQL looks up for each task: NOT EXISTS it may plan as a nested loop over all assignees of a
 * tenant that its statistics do not know.
 */
function isUnassigned(db: Database) {
  return sql<boolean>`(
    select true from assignees where assignees.tenant_id = ${db.tenantId} and assignees.task_id = tasks.id limit 1) is null`;
}

function isAssigned(db: Database, assignee: string, role: Assignment['role'] | undefined) {
  const member = assignee === 'me' ? sql`current_member()` : sql`${assignee}`;
  return sql<boolean>`tasks.id = any(array(
    select task_id from assignees
    where tenant_id = ${db.tenantId} and member_id = ${member} ${role ? sql`and role = ${role}` : sql``}))`;
}

/** One condition for all names, so that many names take no longer to plan than one. */
function hasAllTags(db: Database, names: string[]) {
  const keys = sql`select distinct tag_key(name) as key from unnest(${names}::text[]) as given (name)`;
  const tags = sql`select id from tags where tenant_id = ${db.tenantId} and key = any(array(${keys}))`;
  return sql<boolean>`tasks.id = any(array(
    select task_id from task_tags
    where tenant_id = ${db.tenantId} and tag_id = any(array(${tags}))
    group by task_id
    having count(*) = (select count(*) from (${keys}) as wanted)))`;
}

/**
 * The same as `isBlocked`, but that the ids are looked up first, which takes as long as the tenant has dependencies, and not
 * tasks. A scalar subquery, which PostgreSQL looks up for each dependency: a join it may plan to read all tasks for. It
 * expects few rows of unnest(), and makes them a hash table.
 */
function isAmongBlocked(db: Database) {
  const blocks = sql`(
    select blocker.status in ('pending', 'in_progress') and blocker.deleted_at is null
    from tasks as blocker where blocker.tenant_id = ${db.tenantId} and blocker.id = dependencies.blocker_id)`;
  return sql<boolean>`tasks.id in (select unnest(array(
    select dependencies.task_id from dependencies where dependencies.tenant_id = ${db.tenantId} and ${blocks})))`;
}
