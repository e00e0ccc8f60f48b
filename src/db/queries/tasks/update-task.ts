import type { Selectable } from 'kysely';
import { type Compilable, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { type WriteOptions, writeRepresentation } from '../../client/write.ts';
import { keepFromMoving, lockProjectOf, lockRow } from '../../sql/lock.ts';
import { mergedMetadata, rejectLargeMetadata } from '../../sql/metadata.ts';
import { raiseUnless } from '../../sql/raise-unless.ts';
import type { Tasks } from '../../types.ts';
import { type Assignment, assign } from './assign.ts';
import { insertMissingTags, replaceTaggings } from './insert-tasks.ts';
import { moveTask } from './move-task.ts';
import { oneTask } from './one-task.ts';
import { rejectTooManyTags, TOO_MANY_TAGS } from './tag-limit.ts';

interface TaskPatch {
  title?: string | undefined;
  description?: string | null | undefined;
  status?: Selectable<Tasks>['status'] | undefined;
  priority?: number | undefined;
  due_on?: string | null | undefined;
  position?: number | undefined;
  /** Merged into what is there (RFC 7396). */
  metadata?: Record<string, unknown> | undefined;
  /** Null makes it a task without a parent. */
  parent_id?: string | null | undefined;
  project_id?: string | undefined;
  /** The names of all tags, or the names to add and to remove. */
  tags?: string[] | { add: string[]; remove: string[] } | undefined;
  /** All assignees, or whom to add, or give another role, and whom to remove. */
  assignees?: Assignment[] | { add: Assignment[]; remove: string[] } | undefined;
}

/**
 * Changes the members that the patch names. The task is locked first, so that two patches of its tags run one after the
 * other. Rejects as `lockRow` and a move do, with `invalid_transition`, and with `validation_failed` for too many tags.
 */
export function updateTask(db: Database, id: string, patch: TaskPatch, options: WriteOptions) {
  const { tags, assignees, parent_id, project_id, metadata, ...named } = patch;
  const moves = parent_id !== undefined || project_id !== undefined;
  const otherProjects = project_id === undefined ? [] : [project_id];
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  const values = { ...given, ...(metadata ? { metadata: mergedMetadata('task', metadata) } : {}) };
  const changes = Object.keys(values).length > 0;
  const update = db.query.updateTable('tasks').set(values).where('tenant_id', '=', db.tenantId).where('id', '=', id);
  return writeRepresentation(
    db,
    options,
    [
      ...(moves
        ? lockProjectOf(db, id, otherProjects)
        : (tags && changes) || assignees
          ? [keepFromMoving(db, [id])]
          : []),
      lockRow(db, 'task', id, options),
      ...(metadata ? [rejectLargeMetadata(db, 'task', id, metadata)] : []),
      ...(moves ? moveTask(db, id, { parent_id, project_id }, values) : changes ? [update] : []),
      ...(tags ? retag(db, id, tags) : []),
      ...(assignees ? reassign(db, id, assignees) : []),
    ],
    oneTask(db, id),
  );
}

function reassign(db: Database, id: string, assignees: NonNullable<TaskPatch['assignees']>): Compilable[] {
  const at = (path: string) => (assignment: Assignment, n: number) => ({
    ...assignment,
    pointer: `${path}/${n}/member_id`,
  });
  if (Array.isArray(assignees)) return assign(db, id, assignees.map(at('/assignees')), 'others');
  const removed = assignees.remove.map((member_id, n) => ({ member_id, pointer: `/assignees/remove/${n}` }));
  return assign(db, id, assignees.add.map(at('/assignees/add')), removed);
}

function retag(db: Database, id: string, tags: NonNullable<TaskPatch['tags']>): Compilable[] {
  const replacesAll = Array.isArray(tags);
  const wanted = replacesAll ? tags : tags.add;
  const keys = sql`(select tag_key(name) from unnest(${replacesAll ? tags : tags.remove}::text[]) as named (name))`;
  const removeTaggings = db.query
    .deleteFrom('task_tags')
    .where('task_tags.tenant_id', '=', db.tenantId)
    .where('task_tags.task_id', '=', id)
    .where(sql<boolean>`task_tags.tag_id ${replacesAll ? sql`not in` : sql`in`} (
      select tags.id from tags where tags.tenant_id = ${db.tenantId} and tags.key in ${keys})`);
  return [
    ...(replacesAll ? [] : [rejectContradiction(db, tags)]),
    ...(wanted.length > 0 ? [insertMissingTags(db, wanted)] : []),
    lockTags(db, id, replacesAll ? tags : [...tags.add, ...tags.remove]),
    wanted.length === 0
      ? removeTaggings
      : replaceTaggings(
          db,
          removeTaggings,
          wanted.map((name) => ({ task_id: id, name })),
        ),
    rejectTooManyTags(db, id, {
      code: 'validation_failed',
      detail: `/tags: ${TOO_MANY_TAGS.phrase}`,
      errors: [{ pointer: '/tags', code: 'too_long', message: TOO_MANY_TAGS.phrase }],
    }),
  ];
}

/**
 * Locks the tags that are named or on the task before any tagging changes. A deletion of a tag locks the tag and then its
 * taggings; in another order here, or with a weaker lock than write_tags_json() takes later, the two would deadlock.
 */
function lockTags(db: Database, id: string, names: string[]): Compilable {
  return db.query
    .selectFrom('tags')
    .select('id')
    .where('tenant_id', '=', db.tenantId)
    .where(
      sql<boolean>`(
        key in (select tag_key(name) from unnest(${names}::text[]) as named (name))
        or id in (select tag_id from task_tags where tenant_id = ${db.tenantId} and task_id = ${id}))`,
    )
    .orderBy('key')
    .forShare();
}

/** Rejects a patch that adds and removes the same tag, in whatever spelling. */
function rejectContradiction(db: Database, { add, remove }: { add: string[]; remove: string[] }): Compilable {
  const message = 'must not have one name in add and remove';
  const both = sql<boolean>`not exists (
    select tag_key(name) from unnest(${add}::text[]) as added (name)
    intersect
    select tag_key(name) from unnest(${remove}::text[]) as removed (name))`;
  return raiseUnless(db, both, {
    code: 'validation_failed',
    detail: `/tags: ${message}`,
    errors: [{ pointer: '/tags', code: 'contradiction', message }],
  });
}
