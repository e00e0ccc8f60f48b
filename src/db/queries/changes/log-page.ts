import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import {
  type ChangeType,
  cursorValues,
  FIRST_ID,
  finalEntries,
  LAST_ID,
  type LogPosition,
} from '../../sql/change-position.ts';
import type { AuditLog } from '../../types.ts';
import type { ChangePage } from './changed-resources.ts';

/** In entries of which kinds the log has the changes of each type: what is on a task counts as the task's. */
const KINDS: Record<ChangeType, AuditLog['resource_type'][]> = {
  project: ['project'],
  task: ['task', 'tagging', 'assignee', 'dependency'],
  tag: ['tag'],
  member: ['member'],
  comment: ['comment'],
};

/** How many entries one page looks at, whatever they are of: a filter can leave all of them out. */
const MAX_ENTRIES = sql.lit(10_000);

/**
 * A page of what the audit log has after a position. Each entry is a change of its resource; one that puts a task into the
 * trash, or takes it out, also of each of the task's comments, which have no entry of that. `made_at` and `unit_id` tell these
 * apart: the comment's, and before all of them the task's own.
 */
export function logPage(
  db: Database,
  { types, limit }: { types: readonly ChangeType[]; limit: number },
  { since, xid, id, madeAt, unitId }: LogPosition,
): ChangePage {
  const entries = (columns: RawBuilder<unknown>) => sql`
    select ${columns} ${finalEntries(db)}
    and (audit_log.xid, audit_log.id) >= (${xid}::xid8, ${id}::uuid)
    order by audit_log.xid, audit_log.id limit ${MAX_ENTRIES}`;
  const kinds = types.flatMap((type) => KINDS[type]);
  const isOwn = sql`entry.resource_type = any (${kinds}::text[])`;
  const movesComments = sql`entry.resource_type = 'task' and entry.action in ('trash', 'restore')`;
  const own = sql`
    select case when entry.resource_type in ('tagging', 'assignee', 'dependency') then 'task' else entry.resource_type end as type,
      entry.resource_id, '-infinity'::timestamptz as made_at, ${FIRST_ID}::uuid as unit_id
    where ${isOwn}`;
  const isFirst = sql`(entry.xid, entry.id) = (${xid}::xid8, ${id}::uuid)`;
  const comments = sql`(
    select 'comment', comments.id, comments.created_at, comments.id from comments
    where comments.tenant_id = ${db.tenantId} and ${movesComments} and comments.task_id = entry.resource_id
    and (comments.created_at, comments.id) > (
      case when ${isFirst} then ${madeAt}::timestamptz else '-infinity' end,
      case when ${isFirst} then ${unitId}::uuid else ${FIRST_ID}::uuid end)
    order by comments.created_at, comments.id limit ${limit}::integer + 1)`;
  const withComments = types.includes('comment');
  const order = sql`xid, entry_id, made_at, unit_id`;
  // The entry at which the page before ended is looked at again, for the rest of its comments.
  const ctes = sql`
    matching as materialized (
      select entry.* from (${entries(sql`audit_log.*`)}) as entry
      where ${withComments ? sql`(${isOwn} or ${movesComments})` : isOwn}
      order by entry.xid, entry.id limit ${limit}::integer + 2),
    units as materialized (
      select entry.xid, entry.id as entry_id, unit.made_at, unit.unit_id, unit.type, unit.resource_id, entry.at, entry.actor
      from matching as entry
      cross join lateral (${withComments ? sql`${own} union all ${comments}` : own}) as unit
      where (entry.xid, entry.id, unit.made_at, unit.unit_id)
        > (${xid}::xid8, ${id}::uuid, ${madeAt}::timestamptz, ${unitId}::uuid)
      order by ${order} limit ${limit}::integer + 1),
    looked_at as (
      select xid, id, n
      from (${entries(sql`audit_log.xid, audit_log.id, row_number() over (order by audit_log.xid, audit_log.id) as n`)}) as entry
      order by n desc limit 1)`;
  // Where a resource has changed several times, its last change on the page stands for all of them.
  const shown = sql`
    select type, resource_id, at, actor
    from (
      select distinct on (type, resource_id) *
      from (select * from units order by ${order} limit ${limit}) as page
      order by type, resource_id, xid desc, entry_id desc, made_at desc, unit_id desc) as last
    order by ${order}`;
  const isFull = sql`(select count(*) from units) > ${limit}::integer`;
  const end = sql`
    select ${cursorValues('log', sql`greatest(${since}::date, at::date)`, [sql`xid`, sql`entry_id`, sql`made_at`, sql`unit_id`])}
    from (select * from units order by ${order} offset ${limit}::integer - 1 limit 1) as last`;
  // What was looked at and is not of these types need not be looked at again.
  const isAll = sql`coalesce((select n from looked_at), 0) < ${MAX_ENTRIES}`;
  const rest = cursorValues('log', sql`case when ${isAll} then current_date else ${since}::date end`, [
    sql`coalesce((select xid from looked_at), ${xid}::xid8)`,
    sql`coalesce((select id from looked_at), ${id}::uuid)`,
    sql`'infinity'::timestamptz`,
    sql`${LAST_ID}::uuid`,
  ]);
  return {
    ctes,
    shown,
    hasMore: sql<boolean>`case when ${isFull} then true else not ${isAll} end`,
    next: sql`case when ${isFull} then (${end}) else ${rest} end`,
  };
}
