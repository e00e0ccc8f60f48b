select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select "tasks"."version", raise_unless((
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $3
and id = $4
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $5
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select count(*) - 1
from (select
from tree
where deleted_at is null
limit $6) as live) <= $7::integer, $8::json) as "small_enough", (coalesce(tasks.own_json, task_own_json($9, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $10)) then tags_json_of($11, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $12)) then assignees_json_of($13, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $14
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $15
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"project":' || coalesce((
select ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || '}')
from projects
where projects.tenant_id = $16
and projects.id = tasks.project_id), 'null') || ',"blocked_by":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $17::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "other"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "other"."project_id" || '"', 'null') || ',"title":' || coalesce(to_json("other"."title")::text, 'null') || ',"status":' || coalesce('"' || "other"."status" || '"', 'null') || '}') as "item"
from (
select other.id, other.project_id, other.title, other.status
from dependencies join tasks as other on other.id = "dependencies"."blocker_id"
where dependencies.tenant_id = $18
and other.tenant_id = $19
and "dependencies"."task_id" = tasks.id
and other.deleted_at is null
order by other.title, other.id
offset 0) as "other"
offset 0)) as built) as items), '') || ('],"blocks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $20::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "other"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "other"."project_id" || '"', 'null') || ',"title":' || coalesce(to_json("other"."title")::text, 'null') || ',"status":' || coalesce('"' || "other"."status" || '"', 'null') || '}') as "item"
from (
select other.id, other.project_id, other.title, other.status
from dependencies join tasks as other on other.id = "dependencies"."task_id"
where dependencies.tenant_id = $21
and other.tenant_id = $22
and "dependencies"."blocker_id" = tasks.id
and other.deleted_at is null
order by other.title, other.id
offset 0) as "other"
offset 0)) as built) as items), '') || ('],"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $23::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($24, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $25)) then tags_json_of($26, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $27)) then assignees_json_of($28, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $29
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $30
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $31::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($32, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $33)) then tags_json_of($34, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $35)) then assignees_json_of($36, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $37
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $38
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $39::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($40, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $41)) then tags_json_of($42, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $43)) then assignees_json_of($44, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $45
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $46
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $47::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($48, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $49)) then tags_json_of($50, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $51)) then assignees_json_of($52, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $53
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $54
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $55::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($56, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $57)) then tags_json_of($58, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $59)) then assignees_json_of($60, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $61
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $62
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $63::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($64, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $65)) then tags_json_of($66, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $67)) then assignees_json_of($68, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $69
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $70
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $71::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($72, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $73)) then tags_json_of($74, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $75)) then assignees_json_of($76, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $77
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $78
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $79::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($80, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $81)) then tags_json_of($82, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $83)) then assignees_json_of($84, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $85
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $86
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $87::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($88, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $89)) then tags_json_of($90, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $91)) then assignees_json_of($92, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $93
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $94
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"subtasks":[') || coalesce(null::text, '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $95
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_10" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $96
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_9" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $97
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_8" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $98
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_7" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $99
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_6" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $100
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_5" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $101
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_4" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $102
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_3" on true
offset 0)) as built) as items), '') || (']}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $103
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_2" on true
offset 0)) as built) as items), '') || (']}') as "body"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $104
and "tasks"."id" = $105
and "tasks"."deleted_at" is null
offset 0) as "query"
offset 0) as "representation";
