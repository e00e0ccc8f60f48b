import { type RawBuilder, sql } from 'kysely';
import type { AnyQuery } from '../../client/any-query.ts';
import type { Database } from '../../client/database.ts';
import type { JsonText } from '../../client/read.ts';
import { CHANGE_TYPES, type ChangeType } from '../../sql/change-position.ts';
import { bare, type JsonIn, jsonObject, moment, nested, plain, text } from '../../sql/json.ts';
import {
  commentMembers,
  memberMembers,
  projectMembers,
  tagMembers,
  versionedTaskJson,
} from '../../sql/representations.ts';

/** A row as its list shows it, without what is counted from other rows. */
const projectJson = (tenantId: string) => {
  const { task_count: _, ...members } = projectMembers(tenantId);
  return jsonObject(members);
};
const commentJson = (tenantId: string) => jsonObject(commentMembers(tenantId));
const tagJson = jsonObject(tagMembers);
const memberJson = jsonObject(memberMembers);

type ChangedResource =
  | JsonIn<ReturnType<typeof projectJson>>
  | JsonIn<ReturnType<typeof versionedTaskJson>>
  | JsonIn<typeof tagJson>
  | JsonIn<typeof memberJson>
  | JsonIn<ReturnType<typeof commentJson>>;

/** Of each type, the rows that callers can see: the rest of a query of them, from FROM on. */
export const visible: Record<ChangeType, (tenantId: string) => RawBuilder<unknown>> = {
  project: (tenantId) => sql`from projects where projects.tenant_id = ${tenantId} and projects.deleted_at is null`,
  task: (tenantId) => sql`from tasks where tasks.tenant_id = ${tenantId} and tasks.deleted_at is null`,
  tag: (tenantId) => sql`from tags where tags.tenant_id = ${tenantId}`,
  member: (tenantId) => sql`from members where members.tenant_id = ${tenantId}`,
  // A scalar subquery, which PostgreSQL looks up row by row: a join it might make from all tasks of the tenant.
  comment: (tenantId) => sql`from comments where comments.tenant_id = ${tenantId} and (
    select tasks.deleted_at is null from tasks
    where tasks.tenant_id = ${tenantId} and tasks.id = comments.task_id)`,
};

const jsonOf: Record<ChangeType, (tenantId: string) => RawBuilder<JsonText<ChangedResource>>> = {
  project: projectJson,
  task: versionedTaskJson,
  tag: () => tagJson,
  member: () => memberJson,
  comment: commentJson,
};

/** The table of a type. */
export const tableOf = (type: ChangeType) => `${type}s` as const;

const members = {
  type: plain(sql<ChangeType>`change.type`),
  id: plain(sql<string>`change.resource_id`),
  action: plain(sql<'upsert' | 'delete'>`case when change.version is null then 'delete' else 'upsert' end`),
  version: bare(sql<number | null>`change.version`),
  at: moment(sql`change.at`),
  actor: text(sql<string | null>`change.actor`),
  resource: nested(sql<JsonText<ChangedResource | null>>`change.body`),
};
export type ChangeJson = JsonIn<ReturnType<typeof jsonObject<typeof members>>>;

/**
 * The JSON of changes, with their resources as they are now.
 * @param shown a query of the changes in their order: `type`, `resource_id`, `at`, `actor`
 */
export function changeItems(db: Database, shown: RawBuilder<unknown>) {
  const tenantId = db.tenantId;
  const resources = CHANGE_TYPES.map((type) => {
    const table = sql.id(tableOf(type));
    return sql`
      select ${table}.version, ${jsonOf[type](tenantId)} as body ${visible[type](tenantId)}
      and shown.type = ${sql.lit(type)} and ${table}.id = shown.resource_id`;
  });
  const changes = sql<object>`(
    select shown.*, found.version, found.body
    from (${shown}) as shown left join lateral (${sql.join(resources, sql` union all `)}) as found on true)`;
  const query = db.query.selectFrom(changes.as('change')) as AnyQuery;
  return query.select(jsonObject(members).as('item'));
}

/** What a page of changes is made of. */
export interface ChangePage {
  /** Common table expressions that the rest refers to. */
  ctes: RawBuilder<unknown>;
  /** A query of the changes: see {@link changeItems}. */
  shown: RawBuilder<unknown>;
  hasMore: RawBuilder<boolean>;
  /** The values of the next cursor. */
  next: RawBuilder<unknown>;
}

/** What a page is asked for: the parameters of the functions that the queries are kept as. */
export interface ChangePageRequest {
  page_limit: number;
  /** {@link ChangeType}s. */
  types: string[];
  cluster: string | null;
  since: string | null;
  xid: string | null;
  entry: string | null;
  above: string | null;
  unit: string | null;
}
