select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor)) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $2::integer), '[]') as data, count(*) > $3::integer as has_more, case when count(*) > $4::integer then make_cursor($5::text, coalesce((array_agg(sort_values
order by n))[$6::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $8::integer then json_build_object('id', "audit_log"."id", 'at', rfc3339("audit_log"."at"), 'actor', "audit_log"."actor", 'request_id', "audit_log"."request_id", 'action', "audit_log"."action", 'resource_type', "audit_log"."resource_type", 'resource_id', "audit_log"."resource_id", 'changes', "audit_log"."changes") end as "item"
from (select row_number() over () as n, *
from ((select "audit_log".*, json_build_array("audit_log"."at"::text, "audit_log"."id"::text) as "sort_values"
from "audit_log"
where "audit_log"."tenant_id" = $9
and "audit_log"."resource_type" = $10
and "audit_log"."resource_id" = $11
and "audit_log"."action" = $12
order by "audit_log"."at" desc, "audit_log"."id" desc
limit $13)) as sorted) as "audit_log"
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $14::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $15::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
