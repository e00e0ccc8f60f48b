select set_tenant_context($1, $2, $3);

with "query" as materialized (select null::integer as "version", '{"data":' || coalesce(page.data, 'null') || ',"page":' || coalesce('{"limit":' || coalesce(cast($1::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
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
and deleted_at is null)))) as text), 'null') || '}', 'null') || '}' as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "projects".*, array["projects"."created_at"::text, "projects"."id"::text] as "sort_values"
from "projects"
where "projects"."tenant_id" = $10
and "projects"."deleted_at" is null
and "projects"."status" = $11
and projects.id = any(array(select search_projects($12)))
and projects.id = any(array(select projects_with_metadata($13::jsonb)))
and projects.id = any(array(
select distinct project_id
from tasks
where tenant_id = $14
and id = any(array(
select task_id
from task_tags
where tenant_id = $15
and tag_id = (select id
from tags
where tenant_id = $16
and key = tag_key($17))))
and deleted_at is null))
order by "projects"."created_at" desc, "projects"."id" desc
limit $18))
select '[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast(first.task_count as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || ',"tasks":' || coalesce(first.data, 'null') || ',"tasks_page":' || coalesce('{"limit":' || coalesce(cast($20::integer as text), 'null') || ',"has_more":' || coalesce(cast(first.task_count > $21::integer as text), 'null') || ',"next_cursor":' || coalesce('"' || first.next_cursor || '"', 'null') || '}', 'null') || '}' as "item"
from (select *
from sorted
limit $22) as "projects"
inner join lateral (
select '[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $23::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $24)) then tags_json_of($25, tasks.id) else tasks.tags_json end, 'null') || '}' as "item"
from "tasks"
where "tasks"."tenant_id" = $26
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $27
offset 0)) as built) as items), '') || ']' as data, counted.task_count, case when counted.task_count > $28::integer then make_cursor( concat($29::uuid, $30::text, projects.id, $31::text), case when $32::integer = 0 then '[]'::json else ((select json_build_array(tasks.position::text, tasks.id::text) as "end"
from "tasks"
where "tasks"."tenant_id" = $33
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $34
offset $35::integer - 1)) end) end as next_cursor
from ((select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $36
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null)) as counted ) as "first" on true
offset 0)) as built) as items), '') || ']' as data, counted.n > $37::integer as has_more, case when counted.n > $38::integer then (select make_cursor($39::text, array_to_json(sort_values))
from sorted
offset $40
limit 1) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"), "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $41::json)::text else "body" end as "body"
from "query")
select "etag", case when array['*', etag] && $42::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
