import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../client/database.ts';
import type { JsonText, ReadOptions } from '../../client/read.ts';
import type { isLive } from '../../sql/is-live.ts';
import { bare, type JsonIn, jsonObject, moment, nested, pick, plain, text } from '../../sql/json.ts';
import { fetchPage, type ListRequest, type SortMembers } from '../../sql/list.ts';
import { commentMembers, memberName } from '../../sql/representations.ts';
import type { AuditLog } from '../../types.ts';
import { type ActivityType, activityRows, allActivity } from './activity-rows.ts';

export const activitySorts = { at: { expression: sql.ref('activity.at'), type: 'timestamptz' } } satisfies SortMembers;

interface Activity {
  onlyIf: ReturnType<typeof isLive>;
  /** See {@link activityRows}. */
  owners: RawBuilder<unknown>;
  type?: ActivityType | undefined;
}

/** Reads one page of an activity: changes and comments as one story, in the order of the request. */
export function fetchActivity(
  db: Database,
  { onlyIf, owners, type }: Activity,
  request: ListRequest,
  options: ReadOptions,
) {
  const list = {
    rows: activityRows(db, owners, type, request),
    counted: allActivity(db, owners, type),
    table: 'activity',
    item: jsonObject(pick(activityMembers(db.tenantId), request.fields)),
    id: sql.ref<string>('activity.id'),
    sorts: activitySorts,
    onlyIf,
  };
  return fetchPage(db, list, request, options);
}

type MemberName = JsonIn<ReturnType<typeof memberName>>;
type CommentJson = JsonIn<ReturnType<typeof jsonObject<ReturnType<typeof commentMembers>>>>;

const activityMembers = (tenantId: string) => ({
  id: plain(sql.ref<string>('activity.id')),
  at: moment(sql.ref('activity.at')),
  actor: text(sql.ref<string | null>('activity.actor')),
  member: nested(memberOf(tenantId)),
  type: plain(sql.ref<ActivityType>('activity.type')),
  action: plain(sql.ref<AuditLog['action']>('activity.action')),
  resource_type: plain(sql.ref<AuditLog['resource_type']>('activity.resource_type')),
  resource_id: plain(sql.ref<string>('activity.resource_id')),
  changes: bare(sql.ref<AuditLog['changes']>('activity.changes')),
  comment: nested(commentOf(tenantId)),
});

/** The member who acted, by the subject of the token or by the API key: null where it is nobody's. */
function memberOf(tenantId: string) {
  const key = sql`substr(activity.actor, length('api-key:') + 1)`;
  const ofKey = sql`
    select member_id from api_keys
    where api_keys.tenant_id = ${tenantId} and api_keys.id = case when pg_input_is_valid(${key}, 'uuid') then ${key}::uuid end`;
  return sql<JsonText<MemberName | null>>`case
    when activity.actor like 'api-key:%' then (
      select ${memberName()} from members where members.tenant_id = ${tenantId} and members.id = (${ofKey}))
    else (
      select ${memberName()} from members
      where members.tenant_id = ${tenantId} and members.subject = activity.actor) end`;
}

/** The comment, as it is now. */
function commentOf(tenantId: string) {
  return sql<JsonText<CommentJson | null>>`case when activity.type = 'comment' then (
    select ${jsonObject(commentMembers(tenantId))} from comments
    where comments.tenant_id = ${tenantId} and comments.id = activity.id) end`;
}
