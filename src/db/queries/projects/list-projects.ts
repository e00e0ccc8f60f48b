import type { Selectable } from 'kysely';
import { type RawBuilder, sql } from 'kysely';
import type { AnyQuery } from '../../client/any-query.ts';
import type { Database } from '../../client/database.ts';
import { orNotFound, pageUnlessKnown, type ReadOptions } from '../../client/read.ts';
import { type JsonIn, jsonObject, pick } from '../../sql/json.ts';
import { fetchPage, type ListRequest, pageQuery, type SortMembers, sortText } from '../../sql/list.ts';
import { callQueryFunction, type QueryFunction } from '../../sql/query-function.ts';
import { liveTaskCount, projectMembers } from '../../sql/representations.ts';
import { type TimeFilters, withinTimes } from '../../sql/time-filters.ts';
import type { Projects } from '../../types.ts';
import { firstTasks, firstTasksMembers } from './first-tasks.ts';

interface ProjectFilters extends TimeFilters {
  status?: Selectable<Projects>['status'] | undefined;
  name?: string | undefined;
  q?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  tag?: string | undefined;
}

export const projectSorts = {
  created_at: { expression: sql.ref('projects.created_at'), type: 'timestamptz' },
  updated_at: { expression: sql.ref('projects.updated_at'), type: 'timestamptz' },
  name: { expression: sql.ref('projects.name'), type: 'text' },
  task_count: { expression: sql.ref('live.task_count'), type: 'integer' },
} satisfies SortMembers;

/** The tenant's projects, filtered; with the first `taskLimit` tasks of each where that is given. */
export function listProjects(
  db: Database,
  filters: ProjectFilters,
  request: ListRequest,
  taskLimit: number | undefined,
  options: ReadOptions,
) {
  if (taskLimit !== undefined && isFirstPage(request)) return firstProjects(db, request.limit, taskLimit, options);
  return fetchPage(db, projectList(db, filters, request, taskLimit, options.limitParameter), request, options);
}

function projectList(
  db: Database,
  filters: ProjectFilters,
  request: Pick<ListRequest, 'fields' | 'sort'>,
  taskLimit: number | undefined,
  limitParameter: string | undefined,
) {
  const { fields } = request;
  const { status, name, q, metadata, tag } = filters;
  const live = db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.deleted_at', 'is', null);
  let rows = withinTimes(live, 'projects', filters);
  const isOneOf = (ids: RawBuilder<unknown>) => sql<boolean>`projects.id = any(array(${ids}))`;
  if (status) rows = rows.where('projects.status', '=', status);
  if (name !== undefined) rows = rows.where('projects.name', '=', name);
  if (q !== undefined) rows = rows.where(isOneOf(sql`select search_projects(${q})`));
  if (metadata) rows = rows.where(isOneOf(sql`select projects_with_metadata(${JSON.stringify(metadata)}::jsonb)`));
  if (tag !== undefined) rows = rows.where(isOneOf(projectsWithTag(db, tag)));
  const nested = taskLimit !== undefined && (!fields || fields.some((field) => field.startsWith('tasks')));
  const members = { ...projectMembers(db.tenantId), ...(nested ? firstTasksMembers(taskLimit) : {}) };
  return {
    rows,
    table: 'projects',
    item: jsonObject(pick(members, fields)),
    id: members.id.value,
    sorts: projectSorts,
    joinForSort: request.sort.some(({ member }) => member === 'task_count') ? joinTaskCount(db) : undefined,
    joinForItem: nested ? joinFirstTasks(db, taskLimit, limitParameter) : undefined,
  };
}

/** The page that most callers read: the newest projects with their tasks, without filters. */
const FIRST_PAGE = { name: 'projects', filters: '', sort: [{ member: 'created_at', descending: true }] };

function isFirstPage({ after, skip, count, fields, filters, sort }: ListRequest): boolean {
  const isPlain = after === undefined && skip === undefined && !count && !fields;
  return isPlain && filters === FIRST_PAGE.filters && sortText(sort) === sortText(FIRST_PAGE.sort);
}

const LIMIT_PARAMETER = '?task_limit';
type FirstProjects = Awaited<ReturnType<typeof fetchPage<ProjectJson>>>;
type ProjectJson = JsonIn<ReturnType<typeof projectList>['item']>;

export const firstProjectsFunction: QueryFunction<
  { page_limit: 'integer'; task_limit: 'integer'; if_none_match: 'text[]' },
  FirstProjects
> = {
  name: 'first_projects',
  parameters: { page_limit: 'integer', task_limit: 'integer', if_none_match: 'text[]' },
  columns: ['etag', 'body', 'nextCursor'],
  query: (db, { page_limit, task_limit, if_none_match }) => {
    const list = projectList(db, {}, FIRST_PAGE, task_limit, LIMIT_PARAMETER);
    const page = pageQuery(db, list, { ...FIRST_PAGE, limit: page_limit }, LIMIT_PARAMETER);
    return pageUnlessKnown(db, page, LIMIT_PARAMETER, if_none_match);
  },
};

async function firstProjects(db: Database, limit: number, taskLimit: number, { ifNoneMatch = [] }: ReadOptions) {
  const values = { page_limit: limit, task_limit: taskLimit, if_none_match: ifNoneMatch };
  return orNotFound('project', await callQueryFunction(db, firstProjectsFunction, values));
}

/** The ids of projects that have a live task with a tag. */
function projectsWithTag(db: Database, name: string) {
  const tagged = sql`
    select task_id from task_tags where tenant_id = ${db.tenantId}
      and tag_id = (select id from tags where tenant_id = ${db.tenantId} and key = tag_key(${name}))`;
  return sql`
    select distinct project_id from tasks
    where tenant_id = ${db.tenantId} and id = any(array(${tagged})) and deleted_at is null`;
}

function joinTaskCount(db: Database): (rows: AnyQuery) => AnyQuery {
  return (rows) => rows.innerJoinLateral(liveTaskCount(db.tenantId).as('live'), (join) => join.onTrue());
}

function joinFirstTasks(
  db: Database,
  taskLimit: number,
  limitParameter: string | undefined,
): (page: AnyQuery) => AnyQuery {
  return (page) => page.innerJoinLateral(firstTasks(db, taskLimit, limitParameter), (join) => join.onTrue());
}
