select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "tags"
where "tags"."tenant_id" = $4
and starts_with(tags.key, tag_key($5)))) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "tags".*, "live"."task_count" as "sort_0", "tags"."id" as "sort_1"
from "tags"
inner join lateral (select count(*)::integer as "task_count"
from "task_tags"
where "task_tags"."tenant_id" = $6
and "task_tags"."tag_id" = "tags"."id"
and task_tags.task_id not in (select unnest(array(select id
from tasks
where tenant_id = $7
and trash_id is not null)))) as "live" on true
where "tags"."tenant_id" = $8
and starts_with(tags.key, tag_key($9))
order by "live"."task_count" desc, "tags"."id" desc
limit $10::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $11::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"version":' || coalesce(cast("tags"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("tags"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tags"."updated_at") || '"', 'null') || ',"task_count":' || coalesce(cast((select count(*)::integer as "task_count"
from "task_tags"
where "task_tags"."tenant_id" = $12
and "task_tags"."tag_id" = "tags"."id"
and task_tags.task_id not in (select unnest(array(select id
from tasks
where tenant_id = $13
and trash_id is not null)))) as text), 'null') || '}') as "item"
from (select *
from sorted
limit $14) as "tags"
offset 0)) as built) as items) as items, counted.n > $15::integer as has_more, case when counted.n > $16::integer then (
select make_cursor(concat($17::text, $18::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $19::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
