select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "members"
where "members"."tenant_id" = $4
and members.id = any(array(select search_members($5)))
and members.status || '' = $6)) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "members".*, "members"."created_at" as "sort_0", "members"."id" as "sort_1"
from "members"
where "members"."tenant_id" = $7
and members.id = any(array(select search_members($8)))
and members.status || '' = $9
order by "members"."created_at" desc, "members"."id" desc
limit $10::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $11::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"subject":' || coalesce(to_json("members"."subject")::text, 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"email":' || coalesce(to_json("members"."email")::text, 'null') || ',"status":' || coalesce('"' || "members"."status" || '"', 'null') || ',"version":' || coalesce(cast("members"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("members"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("members"."updated_at") || '"', 'null') || '}') as "item"
from (select *
from sorted
limit $12) as "members"
offset 0)) as built) as items) as items, counted.n > $13::integer as has_more, case when counted.n > $14::integer then (
select make_cursor(concat($15::text, $16::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $17::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
