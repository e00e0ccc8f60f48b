import { sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import {
  CHANGE_TYPES,
  type ChangeType,
  cursorValues,
  FIRST_ID,
  finalEntries,
  LAST_ID,
  type WalkPosition,
} from '../../sql/change-position.ts';
import { type ChangePage, tableOf, visible } from './changed-resources.ts';

/**
 * A page of all that exists, one type after the other, each by id. Where the walk ends the log begins, after the last entry
 * that was final when the walk began: so whatever changes meanwhile comes then.
 * @param position where the walk is; at its begin without
 */
export function walkPage(
  db: Database,
  { types, limit }: { types: readonly ChangeType[]; limit: number },
  position: WalkPosition | undefined,
): ChangePage {
  const { rank = '0', last = FIRST_ID } = position ?? {};
  const rows = CHANGE_TYPES.flatMap((type, n) => {
    if (!types.includes(type)) return [];
    const table = sql.id(tableOf(type));
    const place = sql.lit(n);
    return sql`(
      select ${place} as rank, ${sql.lit(type)} as type, ${table}.id as resource_id, ${table}.updated_at as at
      ${visible[type](db.tenantId)}
      and ${place} >= ${rank}::integer
      and ${table}.id > case when ${rank}::integer = ${place} then ${last}::uuid else ${FIRST_ID}::uuid end
      order by ${table}.id limit ${limit}::integer + 1)`;
  });
  const none = sql`select 0 as rank, null as type, null::uuid as resource_id, null::timestamptz as at where false`;
  const begin = position
    ? sql`select ${position.xid}::xid8 as xid, ${position.id}::uuid as id`
    : sql`
      select coalesce(newest.xid, '0'::xid8) as xid, coalesce(newest.id, ${FIRST_ID}::uuid) as id
      from (select) as one
      left join (
        select audit_log.xid, audit_log.id ${finalEntries(db)}
        order by audit_log.xid desc, audit_log.id desc limit 1) as newest on true`;
  const ctes = sql`
    begin_of_walk as materialized (${begin}),
    units as materialized (
      select * from (${rows.length > 0 ? sql.join(rows, sql` union all `) : none}) as unit
      order by rank, resource_id limit ${limit}::integer + 1)`;
  // Who changed it last: an entry of the log is of its resource, whatever on it was changed.
  const shown = sql`
    select type, resource_id, at, (
      select audit_log.actor from audit_log
      where audit_log.tenant_id = ${db.tenantId} and audit_log.resource_id = unit.resource_id
      order by audit_log.at desc, audit_log.id desc limit 1) as actor
    from (select * from units order by rank, resource_id limit ${limit}) as unit
    order by rank, resource_id`;
  const isFull = sql`(select count(*) from units) > ${limit}::integer`;
  const since = position ? sql`${position.since}::date` : sql`current_date`;
  const begun = [sql`(select xid from begin_of_walk)`, sql`(select id from begin_of_walk)`] as const;
  const end = sql`
    select ${cursorValues('walk', since, [...begun, sql`rank`, sql`resource_id`])}
    from (select * from units order by rank, resource_id offset ${limit}::integer - 1 limit 1) as last`;
  const log = cursorValues('log', since, [...begun, sql`'infinity'::timestamptz`, sql`${LAST_ID}::uuid`]);
  const isLogged = sql`exists (
    select ${finalEntries(db)} and (audit_log.xid, audit_log.id) > (${begun[0]}, ${begun[1]}))`;
  return {
    ctes,
    shown,
    hasMore: sql<boolean>`case when ${isFull} then true else ${isLogged} end`,
    next: sql`case when ${isFull} then (${end}) else ${log} end`,
  };
}
