select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor)) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $2::integer), '[]') as data, count(*) > $3::integer as has_more, case when count(*) > $4::integer then make_cursor($5::text, coalesce((array_agg(sort_values
order by n))[$6::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $8::integer then json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $9
and "task_tags"."tenant_id" = $10
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg)) end as "item"
from (select row_number() over () as n, *
from ((select "tasks".*, json_build_array("tasks"."due_on"::text, "tasks"."priority"::text, "tasks"."id"::text) as "sort_values"
from "tasks"
where "tasks"."tenant_id" = $11
and "tasks"."deleted_at" is null
and tasks.status = any($12::text[])
and tasks.priority >= $13::integer
and tasks.project_id = $14
and tasks.parent_id is null
and tasks.due_on > $15::date
and tasks.due_on < $16::date
and (tasks.due_on < current_date
and tasks.status not in ('completed', 'cancelled'))
and tasks.id = any(array(select search_tasks($17)))
and tasks.id = any(array(select tasks_with_metadata($18::jsonb)))
and tasks.id = any(array(
select task_id
from task_tags
where tenant_id = $19
and tag_id = any(array(select id
from tags
where tenant_id = $20
and key = any(array(select distinct tag_key(name) as key
from unnest($21::text[]) as given (name))))) group by task_id having count(*) = (select count(*)
from (select distinct tag_key(name) as key
from unnest($22::text[]) as given (name)) as wanted)))
order by "tasks"."due_on" asc nulls last, "tasks"."priority" desc, "tasks"."id" asc
limit $23)) as sorted) as "tasks"
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $24::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $25::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
