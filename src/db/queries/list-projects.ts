import { sql } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Database } from '../client.ts';
import type { Rows } from '../keyset.ts';
import { type ListRequest, listSource, pick, type SortMembers } from '../list.ts';
import { liveTaskCount, projectMembers } from '../representations.ts';
import { type TimeFilters, withinTimes } from '../time-filters.ts';
import { firstTasks, firstTasksMembers } from './first-tasks.ts';

export interface ProjectFilters extends TimeFilters {
  status?: 'active' | 'archived' | undefined;
  name?: string | undefined;
  q?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
  tag?: string | undefined;
}

const sorts = {
  created_at: { expression: sql.ref('projects.created_at'), type: 'timestamptz' },
  updated_at: { expression: sql.ref('projects.updated_at'), type: 'timestamptz' },
  name: { expression: projectMembers.name, type: 'text' },
  task_count: { expression: sql.ref('live.task_count'), type: 'integer' },
} satisfies SortMembers;

/** The tenant's projects, filtered; with the first `taskLimit` tasks of each where that is given. */
export function listProjects(
  db: Database,
  filters: ProjectFilters,
  request: ListRequest,
  { fields, taskLimit }: { fields?: string[] | undefined; taskLimit?: number | undefined },
) {
  const { status, name, q, metadata, tag } = filters;
  const live = db.query
    .selectFrom('projects')
    .where('projects.tenant_id', '=', db.tenantId)
    .where('projects.deleted_at', 'is', null);
  let rows = withinTimes(live, 'projects', filters);
  if (status) rows = rows.where('projects.status', '=', status);
  if (name !== undefined) rows = rows.where('projects.name', '=', name);
  if (q !== undefined) rows = rows.where(sql<boolean>`projects.id in (select search_projects(${q}))`);
  if (metadata) {
    rows = rows.where(sql<boolean>`projects.id in (select projects_with_metadata(${JSON.stringify(metadata)}::jsonb))`);
  }
  if (tag !== undefined) {
    rows = rows.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('tags')
          .innerJoin('task_tags', (join) =>
            join.onRef('task_tags.tenant_id', '=', 'tags.tenant_id').onRef('task_tags.tag_id', '=', 'tags.id'),
          )
          .innerJoin('tasks', (join) =>
            join.onRef('tasks.tenant_id', '=', 'task_tags.tenant_id').onRef('tasks.id', '=', 'task_tags.task_id'),
          )
          .where('tags.tenant_id', '=', db.tenantId)
          .where(sql<boolean>`tags.key = tag_key(${tag})`)
          .whereRef('tasks.project_id', '=', 'projects.id')
          .where('tasks.deleted_at', 'is', null)
          .select('tasks.id'),
      ),
    );
  }
  const members = { ...projectMembers, ...(taskLimit === undefined ? {} : firstTasksMembers(taskLimit)) };
  const list = {
    name: 'projects',
    rows,
    table: 'projects',
    item: jsonBuildObject(pick(members, fields)),
    id: projectMembers.id,
    sorts,
    joinForSort: request.sort.some(({ member }) => member === 'task_count') ? joinTaskCount : undefined,
    joinForItem: taskLimit === undefined ? undefined : joinFirstTasks(db, taskLimit),
  };
  return listSource(db, list, request);
}

function joinTaskCount(rows: Rows): Rows {
  return rows.innerJoinLateral(liveTaskCount.as('live'), (join) => join.onTrue());
}

function joinFirstTasks(db: Database, taskLimit: number): (page: Rows) => Rows {
  return (page) => page.innerJoinLateral(firstTasks(db, taskLimit), (join) => join.onTrue());
}
