select set_tenant_context($1, $2, $3);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select "tasks"."version", raise_unless((
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $3
and id = $4
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree join tasks on tasks.tenant_id = $5
and tasks.project_id = tree.project_id
and tasks.parent_id = tree.id )
select count(*) - 1
from (select
from tree
where deleted_at is null
limit $6) as live) <= $7::integer, $8::json) as "small_enough", (coalesce(tasks.own_json, task_own_json($9, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $10)) then tags_json_of($11, tasks.id) else tasks.tags_json end, 'null') || ',"project":' || coalesce((
select ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || '}')
from projects
where projects.tenant_id = $12
and projects.id = tasks.project_id), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $13::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($14, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $15)) then tags_json_of($16, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $17::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($18, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $19)) then tags_json_of($20, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $21::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($22, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $23)) then tags_json_of($24, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $25::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($26, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $27)) then tags_json_of($28, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $29::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($30, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $31)) then tags_json_of($32, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $33::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($34, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $35)) then tags_json_of($36, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $37::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($38, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $39)) then tags_json_of($40, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $41::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($42, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $43)) then tags_json_of($44, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $45::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($46, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $47)) then tags_json_of($48, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":[') || coalesce(null::text, '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $49
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_10" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $50
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_9" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $51
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_8" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $52
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_7" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $53
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_6" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $54
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_5" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $55
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_4" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $56
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_3" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $57
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_2" on true
offset 0)) as built) as items), '') || (']}') as "body"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $58
and "tasks"."id" = $59
and "tasks"."deleted_at" is null
offset 0) as "query"
offset 0) as "representation";
