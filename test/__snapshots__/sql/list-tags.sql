select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor, 'total', ((select count(*) as "total"
from "tags"
where "tags"."tenant_id" = $2
and starts_with(tags.key, tag_key($3)))))) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $4::integer), '[]') as data, count(*) > $5::integer as has_more, case when count(*) > $6::integer then make_cursor($7::text, coalesce((array_agg(sort_values
order by n))[$8::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $9::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $10::integer then json_build_object('id', "tags"."id", 'name', "tags"."name", 'color', "tags"."color", 'version', "tags"."version", 'created_at', rfc3339("tags"."created_at"), 'updated_at', rfc3339("tags"."updated_at"), 'task_count', (select count(*)::integer as "task_count"
from "task_tags"
where "task_tags"."tenant_id" = $11
and "task_tags"."tag_id" = "tags"."id"
and task_tags.task_id not in (select unnest(array(select id
from tasks
where tenant_id = $12
and trash_id is not null))))) end as "item"
from (select row_number() over () as n, *
from ((select "tags".*, json_build_array("live"."task_count"::text, "tags"."id"::text) as "sort_values"
from "tags"
inner join lateral (select count(*)::integer as "task_count"
from "task_tags"
where "task_tags"."tenant_id" = $13
and "task_tags"."tag_id" = "tags"."id"
and task_tags.task_id not in (select unnest(array(select id
from tasks
where tenant_id = $14
and trash_id is not null)))) as "live" on true
where "tags"."tenant_id" = $15
and starts_with(tags.key, tag_key($16))
order by "live"."task_count" desc, "tags"."id" desc
limit $17)) as sorted) as "tags"
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $18::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $19::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
