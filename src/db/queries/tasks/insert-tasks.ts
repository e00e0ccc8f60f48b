import {
  type Compilable,
  type DeleteQueryBuilder,
  type DeleteResult,
  type RawBuilder,
  type Selectable,
  sql,
} from 'kysely';
import type { Database } from '../../client/database.ts';
import { positionAfter } from '../../sql/position.ts';
import type { DB, Tasks } from '../../types.ts';
import { type Assignment, lockAssignees } from './assign.ts';

/** A task to insert. The caller makes its id, so that subtasks and taggings can refer to it in the same batch. */
export interface NewTask {
  id: string;
  parent_id: string | null;
  title: string;
  description: string | null;
  status: Selectable<Tasks>['status'];
  priority: number;
  due_on: string | null;
  /** Null puts the task after the last one of the project. */
  position: number | null;
  metadata: Record<string, unknown>;
  tags: string[];
  assignees: Assignment[];
  /** Where in the body of the request the task stands, as a JSON pointer. */
  pointer: string;
}

/** A tag of a task, by its name. */
interface NamedTagging {
  task_id: string;
  name: string;
}

/**
 * The statements that insert tasks into a project: first the tags that do not exist, then the tasks with their taggings
 * and assignees. Where a new tag is spelled in two ways, the first spelling counts. All rows are sent as one JSON
 * parameter. Rejects as `lockAssignees` does.
 */
export function insertTasks(db: Database, projectId: string, tasks: NewTask[]): Compilable[] {
  if (tasks.length === 0) return [];
  const taggings = tasks.flatMap(({ id, tags }) => tags.map((name) => ({ task_id: id, name })));
  const names = taggings.map(({ name }) => name);
  const assignments = tasks.flatMap(({ id, assignees, pointer }) =>
    assignees.map((assignment, n) => ({ ...assignment, task_id: id, pointer: `${pointer}/assignees/${n}/member_id` })),
  );
  return [
    ...(assignments.length > 0 ? [lockAssignees(db, assignments)] : []),
    ...(names.length > 0 ? [insertMissingTags(db, names)] : []),
    insertWith(db, projectId, tasks, taggings, assignments),
  ];
}

/**
 * Inserts tags in the order of their keys, so that two requests with the same tags wait for each other and do not
 * deadlock. Those that exist are left out before, because an insert that conflicts costs most of one that does not.
 */
export function insertMissingTags(db: Database, names: string[]) {
  const missing = sql<{ name: string; key: string }>`(
    select distinct on (key) name, key
    from (
      select name, n, tag_key(name) as key from unnest(${[...new Set(names)]}::text[]) with ordinality as named (name, n)
      offset 0
    ) as given
    where not exists (select from tags where tags.tenant_id = ${db.tenantId} and tags.key = given.key)
    order by key, n
  )`;
  return db.query
    .insertInto('tags')
    .columns(['tenant_id', 'name'])
    .expression(
      db.query
        .selectFrom(missing.as('missing'))
        .select([sql<string>`${db.tenantId}::uuid`.as('tenant_id'), 'name'])
        .orderBy('key'),
    )
    .onConflict((conflict) => conflict.columns(['tenant_id', 'key']).doNothing());
}

/** @param texts what `tags_json` and `assignees_json` have to say of the task `given` */
function insertRows(
  db: Database,
  projectId: string,
  tasks: NewTask[],
  texts: [RawBuilder<unknown>, RawBuilder<unknown>],
) {
  const rows = tasks.map(({ tags, assignees, pointer, ...row }) => row);
  return db.query
    .insertInto('tasks')
    .columns([
      'tenant_id',
      'project_id',
      'id',
      'parent_id',
      'title',
      'description',
      'status',
      'priority',
      'due_on',
      'position',
      'metadata',
      'tags_json',
      'assignees_json',
    ])
    .expression(
      sql`
        select ${db.tenantId}::uuid, ${projectId}::uuid, id, parent_id, title, description, status, priority, due_on,
          coalesce(position, (
            select ${positionAfter(sql`coalesce(max(last.position), 0)`, sql`1`)} from tasks as last
            where last.tenant_id = ${db.tenantId} and last.project_id = ${projectId} and last.deleted_at is null
          )),
          metadata, ${sql.join(texts)}
        from json_to_recordset(${JSON.stringify(rows)}::json) as given (
          id uuid, parent_id uuid, title text, description text, status text, priority integer, due_on date,
          position double precision, metadata jsonb)
      ` as never,
    );
}

/**
 * Inserts tasks with their taggings and assignees in one statement, because each costs a tenth of all. The tags are locked
 * until the batch ends, as the members are already, so that none gets another name in between, see write_tags_json(). Where
 * a tag was deleted after {@link insertMissingTags} had found it, the batch is sent again.
 */
function insertWith(
  db: Database,
  projectId: string,
  tasks: NewTask[],
  taggings: NamedTagging[],
  assignments: (Assignment & { task_id: string })[],
): Compilable {
  const none = sql`'[]'`;
  const of = (column: string, table: string) =>
    sql`coalesce((select ${sql.ref(column)} from ${sql.table(table)} as texts where texts.task_id = given.id), '[]')`;
  const created = insertRows(db, projectId, tasks, [
    taggings.length > 0 ? of('tags_json', 'tag_texts') : none,
    assignments.length > 0 ? of('assignees_json', 'assignee_texts') : none,
  ]);
  if (taggings.length === 0 && assignments.length === 0) return created;
  const tags = withTags(db, taggings);
  const assigned = withAssignees(db, assignments);
  const statement = sql`
    with ${sql.join([
      ...(taggings.length > 0 ? [tags.texts] : []),
      ...(assignments.length > 0 ? [assigned.texts] : []),
      // What follows selects from the tasks that have been inserted: so they come first, in the audit log too.
      sql`created as (${created.returning('id')})`,
      ...(taggings.length > 0 ? [tags.insert] : []),
      ...(assignments.length > 0 ? [assigned.insert] : []),
    ])}
    select ${taggings.length > 0 ? tags.complete : sql`true`} as complete`;
  return { compile: () => statement.compile(db.query) };
}

/** The parts of {@link insertWith} that are about tags. */
function withTags(db: Database, taggings: NamedTagging[]) {
  return {
    texts: sql`
    wanted as materialized (${distinctTaggings(taggings)}),
    locked as materialized (
      select id, name, color, key from tags
      where tenant_id = ${db.tenantId} and key = any(array(select key from wanted))
      order by key for share),
    found as materialized (
      select task_id, locked.id as tag_id, name, color from wanted join locked on locked.key = wanted.key),
    tag_texts as materialized (
      select task_id, '[' || string_agg(tag_json(tag_id, name, color), ',' order by name, tag_id) || ']' as tags_json
      from found group by task_id)`,
    insert: sql`
    tagged as (
      insert into task_tags (tenant_id, task_id, tag_id)
      select ${db.tenantId}::uuid, task_id, tag_id from found join created on created.id = found.task_id
      order by task_id, tag_id)`,
    complete: sql`retry_unless((select count(*) from found) = (select count(*) from wanted))`,
  };
}

/** Those that are about assignees, whom {@link lockAssignees} has found. */
function withAssignees(db: Database, assignments: (Assignment & { task_id: string })[]) {
  const rows = assignments.map(({ task_id, member_id, role }) => ({ task_id, member_id, role }));
  return {
    texts: sql`
    assigned as materialized (
      select task_id, member_id, role, name
      from json_to_recordset(${JSON.stringify(rows)}::json) as named (task_id uuid, member_id uuid, role text)
      join members on members.id = named.member_id
      where members.tenant_id = ${db.tenantId}),
    assignee_texts as materialized (
      select task_id, '[' || string_agg(
        assignee_json(member_id, name, role, now()::timestamptz(3)), ',' order by role <> 'owner', name, member_id
      ) || ']' as assignees_json
      from assigned group by task_id)`,
    insert: sql`
    assigning as (
      insert into assignees (tenant_id, task_id, member_id, role)
      select ${db.tenantId}::uuid, task_id, member_id, role from assigned join created on created.id = assigned.task_id
      order by task_id, member_id)`,
  };
}

function distinctTaggings(taggings: NamedTagging[]) {
  return sql`
    select distinct task_id, tag_key(name) as key
    from json_to_recordset(${JSON.stringify(taggings)}::json) as given (task_id uuid, name text)`;
}

/**
 * Takes taggings off, and puts the tags on the tasks that do not have them: in one statement, because the triggers then write
 * each task once. (Who writes a row for the second time has its foreign keys checked again, and would wait for whoever moves
 * its parent.) Where a tag was deleted after {@link insertMissingTags} had found it, the batch is sent again.
 * @param removed a DELETE of other taggings
 */
export function replaceTaggings(
  db: Database,
  removed: DeleteQueryBuilder<DB, 'task_tags', DeleteResult>,
  taggings: NamedTagging[],
) {
  const given = sql<{ task_id: string; key: string }>`(${distinctTaggings(taggings)})`;
  return db.query
    .with('removed', () => removed)
    .with('given', () => db.query.selectFrom(given.as('given')).select(['task_id', 'key']))
    .with('wanted', (qb) =>
      qb
        .selectFrom('given')
        .innerJoin('tags', 'tags.key', 'given.key')
        .where('tags.tenant_id', '=', db.tenantId)
        .select(['tags.tenant_id', 'given.task_id', 'tags.id as tag_id'])
        // The lock waits for a deletion that is under way, after which the tag is missing.
        .forShare('tags'),
    )
    .with('inserted', (qb) =>
      qb
        .insertInto('task_tags')
        .columns(['tenant_id', 'task_id', 'tag_id'])
        .expression(
          qb.selectFrom('wanted').select(['tenant_id', 'task_id', 'tag_id']).orderBy('task_id').orderBy('tag_id'),
        )
        .onConflict((conflict) => conflict.doNothing()),
    )
    .selectNoFrom(sql`retry_unless((select count(*) from wanted) = (select count(*) from given))`.as('complete'));
}
