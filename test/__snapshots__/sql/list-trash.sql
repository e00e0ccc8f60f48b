select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "trash".*, "trash"."deleted_at" as "sort_0", trash.id as "sort_1"
from (
select 'project' as type, id, name, version, deleted_at, deleted_by
from projects
where tenant_id = $4
and trash_id = id
union all select 'task' as type, id, title as name, version, deleted_at, deleted_by
from tasks
where tenant_id = $5
and trash_id = id) as "trash"
order by "trash"."deleted_at" desc, trash.id desc
limit $6::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text else item end as item
from ((select ('{"type":' || coalesce('"' || trash.type || '"', 'null') || ',"id":' || coalesce('"' || trash.id || '"', 'null') || ',"name":' || coalesce(to_json(trash.name)::text, 'null') || ',"version":' || coalesce(cast(trash.version as text), 'null') || ',"deleted_at":' || coalesce('"' || rfc3339(trash.deleted_at) || '"', 'null') || ',"deleted_by":' || coalesce(to_json(trash.deleted_by)::text, 'null') || '}') as "item"
from (select *
from sorted
limit $8) as "trash"
offset 0)) as built) as items) as items, counted.n > $9::integer as has_more, case when counted.n > $10::integer then (
select make_cursor(concat($11::text, $12::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $13::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
