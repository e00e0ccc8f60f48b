select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor, 'total', ((select count(*) as "total"
from "projects"
where "projects"."tenant_id" = $2
and "projects"."deleted_at" is null
and "projects"."status" = $3
and projects.id = any(array(select search_projects($4)))
and projects.id = any(array(select projects_with_metadata($5::jsonb)))
and projects.id = any(array(
select distinct project_id
from tasks
where tenant_id = $6
and id = any(array(
select task_id
from task_tags
where tenant_id = $7
and tag_id = (select id
from tags
where tenant_id = $8
and key = tag_key($9))))
and deleted_at is null)))))) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $10::integer), '[]') as data, count(*) > $11::integer as has_more, case when count(*) > $12::integer then make_cursor($13::text, coalesce((array_agg(sort_values
order by n))[$14::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $15::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $16::integer then json_build_object('id', "projects"."id", 'name', "projects"."name", 'description', "projects"."description", 'status', "projects"."status", 'metadata', "projects"."metadata", 'version', "projects"."version", 'task_count', (select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $17
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null), 'created_by', "projects"."created_by", 'created_at', rfc3339("projects"."created_at"), 'updated_at', rfc3339("projects"."updated_at"), 'tasks', first.data, 'tasks_page', json_build_object( 'limit', $18::integer, 'has_more', first.has_more, 'next_cursor', first.next_cursor)) end as "item"
from (select row_number() over () as n, *
from ((select "projects".*, json_build_array("projects"."created_at"::text, "projects"."id"::text) as "sort_values"
from "projects"
where "projects"."tenant_id" = $19
and "projects"."deleted_at" is null
and "projects"."status" = $20
and projects.id = any(array(select search_projects($21)))
and projects.id = any(array(select projects_with_metadata($22::jsonb)))
and projects.id = any(array(
select distinct project_id
from tasks
where tenant_id = $23
and id = any(array(
select task_id
from task_tags
where tenant_id = $24
and tag_id = (select id
from tags
where tenant_id = $25
and key = tag_key($26))))
and deleted_at is null))
order by "projects"."created_at" desc, "projects"."id" desc
limit $27)) as sorted) as "projects"
inner join lateral (
select coalesce(json_agg(item
order by n) filter (where n <= $28::integer), '[]') as data, count(*) > $29::integer as has_more, case when count(*) > $30::integer then make_cursor(concat($31::text, projects.id, $32::text), coalesce((array_agg(sort_values
order by n))[$33::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $34::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $35::integer then json_build_object('id', "tasks"."id", 'project_id', "tasks"."project_id", 'parent_id', "tasks"."parent_id", 'title', "tasks"."title", 'description', "tasks"."description", 'status', "tasks"."status", 'priority', "tasks"."priority", 'due_on', "tasks"."due_on", 'position', "tasks"."position", 'metadata', "tasks"."metadata", 'completed_at', rfc3339("tasks"."completed_at"), 'version', "tasks"."version", 'created_by', "tasks"."created_by", 'created_at', rfc3339("tasks"."created_at"), 'updated_at', rfc3339("tasks"."updated_at"), 'tags', (select coalesce(json_agg(agg), '[]')
from (select "tags"."id", "tags"."name", "tags"."color"
from "task_tags"
inner join "tags" on "tags"."id" = "task_tags"."tag_id"
where "tags"."tenant_id" = $36
and "task_tags"."tenant_id" = $37
and "task_tags"."task_id" = "tasks"."id"
order by "tags"."name", "tags"."id") as agg)) end as "item"
from (select row_number() over () as n, *
from ((select "tasks".*, json_build_array("tasks"."position"::text, "tasks"."id"::text) as "sort_values"
from "tasks"
where "tasks"."tenant_id" = $38
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position" asc, "tasks"."id" asc
limit $39)) as sorted) as "tasks"
offset 0)) as built) as shown ) as "first" on true
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $40::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $41::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
