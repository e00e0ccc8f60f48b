select set_platform_context($1, $2);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "tenants".*, "tenants"."created_at" as "sort_0", "tenants"."id" as "sort_1"
from "tenants"
where tenants.placement in ('home', 'moving')
order by "tenants"."created_at" desc, "tenants"."id" desc
limit $4::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $5::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "tenants"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tenants"."name")::text, 'null') || ',"status":' || coalesce('"' || "tenants"."status" || '"', 'null') || ',"created_at":' || coalesce('"' || rfc3339("tenants"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tenants"."updated_at") || '"', 'null') || '}') as "item"
from (select *
from sorted
limit $6) as "tenants"
offset 0)) as built) as items) as items, counted.n > $7::integer as has_more, case when counted.n > $8::integer then (
select make_cursor(concat($9::text, $10::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $11::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
