select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "audit_log".*, "audit_log"."at" as "sort_0", "audit_log"."id" as "sort_1"
from "audit_log"
where "audit_log"."tenant_id" = $4
and "audit_log"."resource_type" = $5
and "audit_log"."resource_id" = $6
and "audit_log"."action" = $7
order by "audit_log"."at" desc, "audit_log"."id" desc
limit $8::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $9::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "audit_log"."id" || '"', 'null') || ',"at":' || coalesce('"' || rfc3339("audit_log"."at") || '"', 'null') || ',"actor":' || coalesce(to_json("audit_log"."actor")::text, 'null') || ',"request_id":' || coalesce(to_json("audit_log"."request_id")::text, 'null') || ',"action":' || coalesce('"' || "audit_log"."action" || '"', 'null') || ',"resource_type":' || coalesce('"' || "audit_log"."resource_type" || '"', 'null') || ',"resource_id":' || coalesce('"' || "audit_log"."resource_id" || '"', 'null') || ',"changes":' || coalesce(cast("audit_log"."changes" as text), 'null') || '}') as "item"
from (select *
from sorted
limit $10) as "audit_log"
offset 0)) as built) as items) as items, counted.n > $11::integer as has_more, case when counted.n > $12::integer then (
select make_cursor(concat($13::text, $14::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $15::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
