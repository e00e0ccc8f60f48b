select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from (
select from (select $4::uuid as id, true as has_comments) as owner cross join lateral (select
from audit_log
where audit_log.tenant_id = $5
and audit_log.resource_id = owner.id
union all select
from comments
where comments.tenant_id = $6
and owner.has_comments
and comments.task_id = owner.id) as entry) as "activity")) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "activity".*, "activity"."at" as "sort_0", "activity"."id" as "sort_1"
from (
select entry.*
from (
select owner.id, owner.has_comments
from (select $7::uuid as id, true as has_comments) as owner cross join lateral (
select at, id
from ((
select "audit_log"."at" as at, "audit_log"."id" as id
from audit_log
where audit_log.tenant_id = $8
and audit_log.resource_id = owner.id
order by "audit_log"."at" desc, "audit_log"."id" desc
limit 1)
union all (
select "comments"."created_at" as at, "comments"."id" as id
from comments
where comments.tenant_id = $9
and owner.has_comments
and comments.task_id = owner.id
order by "comments"."created_at" desc, "comments"."id" desc
limit 1)) as first
order by at desc, id desc
limit 1) as newest
order by newest.at desc, newest.id desc
limit $10::integer + $11::integer + 1) as owner cross join lateral ((
select 'change' as type, audit_log.id, audit_log.at, audit_log.actor, audit_log.action, audit_log.resource_type, audit_log.resource_id, audit_log.changes
from audit_log
where audit_log.tenant_id = $12
and audit_log.resource_id = owner.id
order by "audit_log"."at" desc, "audit_log"."id" desc
limit $13::integer + $14::integer + 1)
union all (
select 'comment' as type, comments.id, comments.created_at as at, comments.actor, 'insert' as action, 'comment' as resource_type, comments.id as resource_id, '{}'::jsonb as changes
from comments
where comments.tenant_id = $15
and owner.has_comments
and comments.task_id = owner.id
order by "comments"."created_at" desc, "comments"."id" desc
limit $16::integer + $17::integer + 1)) as entry) as "activity"
order by "activity"."at" desc, "activity"."id" desc
limit $18::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "activity"."id" || '"', 'null') || ',"at":' || coalesce('"' || rfc3339("activity"."at") || '"', 'null') || ',"actor":' || coalesce(to_json("activity"."actor")::text, 'null') || ',"member":') || coalesce(case when activity.actor like 'api-key:%' then (
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $20
and members.id = (
select member_id
from api_keys
where api_keys.tenant_id = $21
and api_keys.id = case when pg_input_is_valid(substr(activity.actor, length('api-key:') + 1), 'uuid') then substr(activity.actor, length('api-key:') + 1)::uuid end)) else (
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $22
and members.subject = activity.actor) end, 'null') || (',"type":' || coalesce('"' || "activity"."type" || '"', 'null') || ',"action":' || coalesce('"' || "activity"."action" || '"', 'null') || ',"resource_type":' || coalesce('"' || "activity"."resource_type" || '"', 'null') || ',"resource_id":' || coalesce('"' || "activity"."resource_id" || '"', 'null') || ',"changes":' || coalesce(cast("activity"."changes" as text), 'null') || ',"comment":') || coalesce(case when activity.type = 'comment' then (
select ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $23
and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ','
order by mentioned.n)
from comment_mentions as mentioned join members on members.id = mentioned.member_id
where mentioned.tenant_id = $24
and members.tenant_id = $25
and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}')
from comments
where comments.tenant_id = $26
and comments.id = activity.id) end, 'null') || ('}') as "item"
from (select *
from sorted
limit $27) as "activity"
offset 0)) as built) as items) as items, counted.n > $28::integer as has_more, case when counted.n > $29::integer then (
select make_cursor(concat($30::text, $31::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $32::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
where exists (
select from "tasks"
where tenant_id = $33
and id = $34
and deleted_at is null)
offset 0) as "query"
offset 0) as "representation";
