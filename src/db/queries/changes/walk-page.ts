import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import { CHANGE_TYPES, cursorValues, FIRST_ID, finalEntries, LAST_ID } from '../../sql/change-position.ts';
import { type ChangePage, type ChangePageRequest, tableOf, visible } from './changed-resources.ts';

/**
 * A page of all that exists, one type after the other, each by id. Where the walk ends the log begins, after the last entry
 * that was final when the walk began: so whatever changes meanwhile comes then.
 * @param position where the walk is; with nulls at its begin
 */
export function walkPage(db: Database, position: ChangePageRequest): ChangePage {
  const { page_limit: limit, types, since, xid, entry, above, unit } = position;
  const rows = CHANGE_TYPES.map((type, n) => {
    const table = sql.id(tableOf(type));
    const place = sql.lit(n);
    return sql`(
      select ${place} as above, ${sql.lit(type)} as type, ${table}.id as resource_id, ${table}.updated_at as at
      ${visible[type](db.tenantId)}
      and ${sql.lit(type)} = any (${types}::text[]) and ${place} >= coalesce(${above}::integer, 0)
      and ${table}.id > case when ${above}::integer = ${place} then ${unit}::uuid else ${FIRST_ID} end
      order by ${table}.id limit ${limit}::integer + 1)`;
  });
  const order = sql`above, resource_id`;
  const ctes = sql`
    begin_of_walk as materialized (
      select coalesce(${xid}::xid8, newest.xid, '0') as xid, coalesce(${entry}::uuid, newest.id, ${FIRST_ID}) as id
      from (select) as one
      left join (
        select audit_log.xid, audit_log.id ${finalEntries(db)} and ${xid}::xid8 is null
        order by audit_log.xid desc, audit_log.id desc limit 1) as newest on true),
    units as materialized (
      select * from (${sql.join(rows, sql` union all `)}) as part
      order by ${order} limit ${limit}::integer + 1)`;
  // Who changed it last: an entry of the log is of its resource, whatever on it was changed.
  const shown = sql`
    select type, resource_id, at, (
      select audit_log.actor from audit_log
      where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = page.resource_id
      order by audit_log.at desc, audit_log.id desc limit 1) as actor
    from (select * from units order by ${order} limit ${limit}::integer) as page
    order by ${order}`;
  const isFull = sql`(select count(*) from units) > ${limit}::integer`;
  const begin = {
    since: sql`coalesce(${since}::date, current_date)`,
    xid: sql`(select xid from begin_of_walk)`,
    entry: sql`(select id from begin_of_walk)`,
  };
  const end = cursorValues('walk', { ...begin, above: sql`above`, unit: sql`resource_id` });
  const log = cursorValues('log', { ...begin, above: sql`'infinity'::timestamptz`, unit: LAST_ID });
  const isLogged = sql`exists (
    select ${finalEntries(db)} and (audit_log.xid, audit_log.id) > (${begin.xid}, ${begin.entry}))`;
  return {
    ctes,
    shown,
    hasMore: sql<boolean>`case when ${isFull} then true else ${isLogged} end`,
    next: sql`case when ${isFull}
      then (select ${end} from (select * from units order by ${order} offset ${limit}::integer - 1 limit 1) as last)
      else ${log} end`,
  };
}
