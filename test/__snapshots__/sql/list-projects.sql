select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "projects"
where "projects"."tenant_id" = $4
and "projects"."deleted_at" is null
and "projects"."status" = $5
and projects.id = any(array(select search_projects($6)))
and projects.id = any(array(select projects_with_metadata($7::jsonb)))
and projects.id = any(array(
select distinct project_id
from tasks
where tenant_id = $8
and id = any(array(
select task_id
from task_tags
where tenant_id = $9
and tag_id = (select id
from tags
where tenant_id = $10
and key = tag_key($11))))
and deleted_at is null)))) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "projects".*, "projects"."created_at" as "sort_0", "projects"."id" as "sort_1"
from "projects"
where "projects"."tenant_id" = $12
and "projects"."deleted_at" is null
and "projects"."status" = $13
and projects.id = any(array(select search_projects($14)))
and projects.id = any(array(select projects_with_metadata($15::jsonb)))
and projects.id = any(array(
select distinct project_id
from tasks
where tenant_id = $16
and id = any(array(
select task_id
from task_tags
where tenant_id = $17
and tag_id = (select id
from tags
where tenant_id = $18
and key = tag_key($19))))
and deleted_at is null))
order by "projects"."created_at" desc, "projects"."id" desc
limit $20::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $21::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast(first.task_count as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || ',"tasks":[') || coalesce(first.items, '') || ('],"tasks_page":') || coalesce(('{"limit":' || coalesce(cast($22::integer as text), 'null') || ',"has_more":' || coalesce(cast(first.task_count > $23::integer as text), 'null') || ',"next_cursor":' || coalesce('"' || first.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "item"
from (select *
from sorted
limit $24) as "projects"
inner join lateral (
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $25::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($26, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $27)) then tags_json_of($28, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $29)) then assignees_json_of($30, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $31
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $32
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item"
from "tasks"
where "tasks"."tenant_id" = $33
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $34
offset 0)) as built) as items) as items, counted.task_count, case when counted.task_count > $35::integer then make_cursor( concat($36::uuid, $37::text, projects.id, $38::text), case when $39::integer = 0 then '[]'::json else (select json_build_array(position::text, id::text)
from ((select "tasks"."position", "tasks"."id"
from "tasks"
where "tasks"."tenant_id" = $40
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $41
offset $42::integer - 1)) as last) end) end as next_cursor
from ((select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $43
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null)) as counted ) as "first" on true
offset 0)) as built) as items) as items, counted.n > $44::integer as has_more, case when counted.n > $45::integer then (
select make_cursor(concat($46::text, $47::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $48::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
