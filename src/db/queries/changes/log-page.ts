import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { cursorValues, FIRST_ID, finalEntries, LAST_ID } from '../../sql/change-position.ts';
import type { ChangePage, ChangePageRequest } from './changed-resources.ts';

/** How many entries one page looks at, whatever they are of: a filter can leave all of them out. */
const MAX_ENTRIES = sql.lit(10_000);

/**
 * A page of what the audit log has after a position. Each entry is a change of its resource; what is on a task counts as the
 * task's. One that puts a task into the trash, or takes it out, is also a change of each of the task's comments, which have no
 * entry of that. `above` and `unit` tell these apart: when the comment was made and its id, and before all of them the task's own.
 */
export function logPage(db: Database, position: ChangePageRequest): ChangePage {
  const { page_limit: limit, types, since, xid, entry, above, unit } = position;
  const entries = (columns: RawBuilder<unknown>) => sql`
    select ${columns} ${finalEntries(db)}
    and (audit_log.xid, audit_log.id) >= (${xid}::xid8, ${entry}::uuid)
    order by audit_log.xid, audit_log.id limit ${MAX_ENTRIES}`;
  const type = sql`case
    when log.resource_type in ('tagging', 'assignee', 'dependency') then 'task' else log.resource_type end`;
  // A tag that is deleted is a change of its own: it leaves its tasks as they were, unless the same transaction has changed them.
  // Scalar subqueries, which PostgreSQL looks up entry by entry: for EXISTS it may hash all deletions of the tenant.
  const goesWithTag = sql`case when log.resource_type = 'tagging' and log.action = 'delete' then (
      select tasks.changed_xid from tasks
      where tasks.tenant_id = ${db.tenantId} and tasks.id = log.resource_id) is distinct from log.xid
    and (
      select true from audit_log as deleted
      where deleted.tenant_id = ${db.tenantId} and deleted.resource_id = (log.changes #>> '{tag_id,0}')::uuid
      and deleted.resource_type = 'tag' and deleted.action = 'delete' and deleted.xid = log.xid
      limit 1) is not null
    else false end`;
  const isOwn = sql`(${type} = any (${types}::text[]) and not ${goesWithTag})`;
  const movesComments = sql`(
    log.resource_type = 'task' and log.action in ('trash', 'restore') and 'comment' = any (${types}::text[]))`;
  const isFirst = sql`(log.xid, log.id) = (${xid}::xid8, ${entry}::uuid)`;
  const order = sql`xid, entry_id, above, unit_id`;
  // The entry at which the page before ended is looked at again, for the rest of its comments.
  const ctes = sql`
    matching as materialized (
      select log.* from (${entries(sql`audit_log.*`)}) as log
      where ${isOwn} or ${movesComments}
      order by log.xid, log.id limit ${limit}::integer + 2),
    units as materialized (
      select log.xid, log.id as entry_id, part.above, part.unit_id, part.type, part.resource_id, log.at, log.actor
      from matching as log
      cross join lateral (
        select ${type} as type, log.resource_id, '-infinity'::timestamptz as above, ${FIRST_ID}::uuid as unit_id
        where ${isOwn}
        union all (
          select 'comment' as type, comments.id, comments.created_at, comments.id from comments
          where comments.tenant_id = ${db.tenantId} and ${movesComments} and comments.task_id = log.resource_id
          and (comments.created_at, comments.id) > (
            case when ${isFirst} then ${above}::timestamptz else '-infinity' end,
            case when ${isFirst} then ${unit}::uuid else ${FIRST_ID} end)
          order by comments.created_at, comments.id limit ${limit}::integer + 1)) as part
      where (log.xid, log.id, part.above, part.unit_id)
        > (${xid}::xid8, ${entry}::uuid, ${above}::timestamptz, ${unit}::uuid)
      order by ${order} limit ${limit}::integer + 1),
    looked_at as (
      select xid, id, n
      from (${entries(sql`audit_log.xid, audit_log.id, row_number() over (order by audit_log.xid, audit_log.id) as n`)}) as log
      order by n desc limit 1)`;
  // Where a resource has changed several times, its last change on the page stands for all of them.
  const shown = sql`
    select type, resource_id, at, actor
    from (
      select distinct on (type, resource_id) *
      from (select * from units order by ${order} limit ${limit}::integer) as page
      order by type, resource_id, xid desc, entry_id desc, above desc, unit_id desc) as last
    order by ${order}`;
  const isFull = sql`(select count(*) from units) > ${limit}::integer`;
  const end = cursorValues('log', {
    since: sql`greatest(${since}::date, at::date)`,
    xid: sql`xid`,
    entry: sql`entry_id`,
    above: sql`above`,
    unit: sql`unit_id`,
  });
  // What was looked at and is not of these types need not be looked at again.
  const isAll = sql`coalesce((select n from looked_at), 0) < ${MAX_ENTRIES}`;
  const rest = cursorValues('log', {
    since: sql`case when ${isAll} then current_date else ${since}::date end`,
    xid: sql`coalesce((select xid from looked_at), ${xid}::xid8)`,
    entry: sql`coalesce((select id from looked_at), ${entry}::uuid)`,
    above: sql`'infinity'::timestamptz`,
    unit: LAST_ID,
  });
  return {
    ctes,
    shown,
    hasMore: sql<boolean>`case when ${isFull} then true else not ${isAll} end`,
    next: sql`case when ${isFull}
      then (select ${end} from (select * from units order by ${order} offset ${limit}::integer - 1 limit 1) as last)
      else ${rest} end`,
  };
}
