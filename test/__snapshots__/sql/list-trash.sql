select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor)) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $2::integer), '[]') as data, count(*) > $3::integer as has_more, case when count(*) > $4::integer then make_cursor($5::text, coalesce((array_agg(sort_values
order by n))[$6::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $8::integer then json_build_object('type', trash.type, 'id', trash.id, 'name', trash.name, 'version', trash.version, 'deleted_at', rfc3339(trash.deleted_at), 'deleted_by', trash.deleted_by) end as "item"
from (select row_number() over () as n, *
from ((select "trash".*, json_build_array("trash"."deleted_at"::text, trash.id::text) as "sort_values"
from (
select 'project' as type, id, name, version, deleted_at, deleted_by
from projects
where tenant_id = $9
and trash_id = id
union all select 'task' as type, id, title as name, version, deleted_at, deleted_by
from tasks
where tenant_id = $10
and trash_id = id) as "trash"
order by "trash"."deleted_at" desc, trash.id desc
limit $11)) as sorted) as "trash"
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $12::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $13::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
