import { type RawBuilder, sql } from 'kysely';
import type { AnyQuery } from '../../client/any-query.ts';
import type { Database } from '../../client/database.ts';
import { isAfter, type SortKey } from '../../sql/keyset.ts';
import type { ListRequest } from '../../sql/list.ts';

/** A change is an entry of the audit log. */
export type ActivityType = 'change' | 'comment';

/** A query of those whose activity it is: `id`, and `has_comments`, whether comments on it are shown. */
type Owners = RawBuilder<unknown>;

/** One kind of entries: where they are, and what they are as rows of the activity. */
interface Source {
  at: string;
  id: string;
  columns: RawBuilder<unknown>;
  /** The rows of one `owner`. */
  from: RawBuilder<unknown>;
}

function sourcesOf(db: Database, type: ActivityType | undefined): Source[] {
  const all: Record<ActivityType, Source> = {
    change: {
      at: 'audit_log.at',
      id: 'audit_log.id',
      columns: sql`'change' as type, audit_log.id, audit_log.at, audit_log.actor, audit_log.action,
        audit_log.resource_type, audit_log.resource_id, audit_log.changes`,
      from: sql`from audit_log where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = owner.id`,
    },
    comment: {
      at: 'comments.created_at',
      id: 'comments.id',
      columns: sql`'comment' as type, comments.id, comments.created_at as at, comments.actor, 'insert' as action,
        'comment' as resource_type, comments.id as resource_id, '{}'::jsonb as changes`,
      from: sql`from comments
        where comments.tenant_id = ${db.tenantId} and owner.has_comments and comments.task_id = owner.id`,
    },
  };
  return type ? [all[type]] : Object.values(all);
}

/**
 * The rows of one page of an activity, and one more where there is a next page. What is read does not grow with the history:
 * of each owner the newest entry, and then, of those owners alone whose newest entry could be on the page, as many entries
 * as the page has. "Newest" is the first after the cursor in the order of the request.
 */
export function activityRows(
  db: Database,
  owners: Owners,
  type: ActivityType | undefined,
  { limit, skip = 0, after, sort }: ListRequest,
): AnyQuery {
  const descending = Boolean(sort[0]?.descending);
  const sources = sourcesOf(db, type);
  const direction = sql.raw(descending ? 'desc' : 'asc');
  const order = sql`order by at ${direction}, id ${direction}`;
  const entries = (columns: (source: Source) => RawBuilder<unknown>, count: RawBuilder<unknown>) =>
    sql.join(
      sources.map((source) => {
        const [at, id] = [sql.ref(source.at), sql.ref(source.id)];
        const keys: SortKey[] = [
          { expression: at, type: 'timestamptz', descending },
          { expression: id, type: 'uuid', descending },
        ];
        const rest = after?.length ? sql`and ${isAfter(keys, after)}` : sql``;
        return sql`(
          select ${columns(source)} ${source.from} ${rest}
          order by ${at} ${direction}, ${id} ${direction} limit ${count})`;
      }),
      sql` union all `,
    );
  const keys = ({ at, id }: Source) => sql`${sql.ref(at)} as at, ${sql.ref(id)} as id`;
  const all = sql`${limit}::integer + ${skip}::integer + 1`;
  const newest = sql`
    select owner.id, owner.has_comments
    from (${owners}) as owner
    cross join lateral (
      select at, id from (${entries(keys, sql.lit(1))}) as first ${order} limit 1) as newest
    order by newest.at ${direction}, newest.id ${direction} limit ${all}`;
  const rows = sql<{ id: string }>`(
    select entry.* from (${newest}) as owner
    cross join lateral (${entries(({ columns }) => columns, all)}) as entry)`;
  return db.query.selectFrom(rows.as('activity')) as AnyQuery;
}

/** All rows of an activity, to be counted. */
export function allActivity(db: Database, owners: Owners, type: ActivityType | undefined): AnyQuery {
  const sources = sourcesOf(db, type).map(({ from }) => sql`select ${from}`);
  const rows = sql<object>`(
    select from (${owners}) as owner cross join lateral (${sql.join(sources, sql` union all `)}) as entry)`;
  return db.query.selectFrom(rows.as('activity')) as AnyQuery;
}
