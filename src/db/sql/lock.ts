import { type Compilable, sql } from 'kysely';
import type { Database } from '../client/database.ts';
import { notFound } from '../client/rejections.ts';
import { raiseUnless } from './raise-unless.ts';

/** The resources whose rows have a version, and whether they can be in the trash. */
const LOCKABLE = {
  project: { table: 'projects', hasTrash: true },
  task: { table: 'tasks', hasTrash: true },
  tag: { table: 'tags', hasTrash: false },
  member: { table: 'members', hasTrash: false },
  comment: { table: 'comments', hasTrash: false },
  webhook: { table: 'webhooks', hasTrash: false },
} as const;

/**
 * A statement that locks one row until the batch ends. It rejects the batch with `not_found` where there is no such row,
 * and with `precondition_failed` where the row has none of the expected versions. Of two writers that expect the same
 * version the second waits for the first, and is then rejected.
 * @param ifMatch entity tags of which the row must have one; the version in them is what counts
 * @param trashed whether a row in the trash counts as there
 * @param strength `update` where whoever has only mentioned the row is to be waited for, too; `none` for a first look, where
 *   the row is locked later
 */
export function lockRow(
  db: Database,
  resource: keyof typeof LOCKABLE,
  id: string,
  {
    ifMatch,
    trashed = false,
    strength = 'no key update',
  }: { ifMatch?: string[] | undefined; trashed?: boolean; strength?: 'none' | 'no key update' | 'update' } = {},
): Compilable {
  const { table, hasTrash } = LOCKABLE[resource];
  const live = hasTrash && !trashed ? sql`and deleted_at is null` : sql``;
  const versions = ifMatch?.map(versionOf) ?? null;
  return db.query
    .selectFrom(
      sql<{ id: string | null; version: number | null }>`(
        select locked.id, locked.version
        from (select) as one
        left join lateral (
          select id, version from ${sql.table(table)}
          where tenant_id = ${db.tenantId} and id = ${id} ${live}
          ${strength === 'none' ? sql`` : sql.raw(`for ${strength}`)}
        ) as locked on true
      )`.as('found'),
    )
    .select([
      sql`raise_unless(found.id is not null, ${JSON.stringify(notFound(resource))}::json)`.as('exists'),
      sql`raise_unless(${versions}::integer[] is null or found.version = any(${versions}::integer[]), json_build_object(
        'code', 'precondition_failed',
        'detail', 'The resource has another version than If-Match expects.',
        'members', json_build_object('current_version', found.version)))`.as('version_matches'),
    ]);
}

/**
 * Statements that lock the project of a task, and other projects, in the order of their ids: before tasks are moved,
 * trashed, restored or purged. The task may have moved between being found and being locked; then the batch runs again.
 */
export function lockProjectOf(db: Database, taskId: string, otherProjects: string[] = []): Compilable[] {
  const projectOf = sql`(select project_id from tasks where tenant_id = ${db.tenantId} and id = ${taskId})`;
  return [
    db.query
      .selectFrom(
        sql<{ id: string }>`(
          select id from projects
          where tenant_id = ${db.tenantId} and (id = ${projectOf} or id = any(${otherProjects}::uuid[]))
          order by id
          for no key update
        )`.as('locked'),
      )
      .select(sql`set_config('app.locked_projects', coalesce(string_agg(id::text, ','), ''), true)`.as('locked')),
    db.query.selectNoFrom(
      sql`retry_unless(
        ${projectOf} is null
        or ${projectOf} = any(string_to_array(current_setting('app.locked_projects'), ',')::uuid[]))`.as('still_there'),
    ),
  ];
}

/**
 * A statement that keeps a tag, and those that are on a task, from being changed or deleted until the batch ends. It rejects
 * with `not_found` where there is no such tag. All of them, in the order of their keys, and as strongly as write_tags_json()
 * locks them later: a batch that took more afterwards could wait for a deletion that waits for it.
 */
export function lockTag(db: Database, tagId: string, taskId: string) {
  const isThere = sql<boolean>`(
    select bool_or(id = ${tagId}) from (
      select id from tags
      where tenant_id = ${db.tenantId} and (
        id = ${tagId} or id in (select tag_id from task_tags where tenant_id = ${db.tenantId} and task_id = ${taskId}))
      order by key
      for share
    ) as locked)`;
  return raiseUnless(db, isThere, notFound('tag'));
}

/**
 * A statement that keeps the tasks of some projects from being moved, trashed and purged until the batch ends, for a batch
 * that writes one of these tasks twice, or holds two of them. Of a task that is written twice PostgreSQL checks again that its
 * parent is there: it would wait for whoever moves the parent, who waits for the task. And whoever moves, trashes or purges a
 * subtree locks its tasks in an order of its own.
 * @param taskIds the tasks whose projects they are
 */
export function keepFromMoving(db: Database, taskIds: string[]): Compilable {
  const projectIds = sql<string>`(
    select project_id from tasks where tenant_id = ${db.tenantId} and id = any(${taskIds}::uuid[]))`;
  return db.query
    .selectFrom('projects')
    .select('id')
    .where('tenant_id', '=', db.tenantId)
    .where('id', 'in', projectIds)
    .orderBy('id')
    .forShare();
}

/** The version in an entity tag of `etag_of()`. A tag that holds none gives 0, a version that no row has. */
function versionOf(etag: string): number {
  return Number(/^(\d{1,9})\./.exec(etag)?.[1] ?? 0);
}
