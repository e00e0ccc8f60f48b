select set_tenant_context($1, $2, $3);

with "query" as materialized (select "tasks"."version", raise_unless((
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $1
and id = $2
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree join tasks on tasks.tenant_id = $3
and tasks.project_id = tree.project_id
and tasks.parent_id = tree.id )
select count(*) - 1
from (select
from tree
where deleted_at is null
limit $4) as live) <= $5::integer, $6::json) as "small_enough", '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $7)) then tags_json_of($8, tasks.id) else tasks.tags_json end, 'null') || ',"project":' || coalesce((
select '{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || '}'
from projects
where projects.tenant_id = $9
and projects.id = tasks.project_id), 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $10::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $11)) then tags_json_of($12, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $13::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $14)) then tags_json_of($15, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $16::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $17)) then tags_json_of($18, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $20)) then tags_json_of($21, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $22::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $23)) then tags_json_of($24, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $25::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $26)) then tags_json_of($27, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $28::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $29)) then tags_json_of($30, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $31::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $32)) then tags_json_of($33, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[' || coalesce((select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $34::json)::text else item end as item
from ((select '{"id":' || coalesce('"' || "tasks"."id" || '"', 'null') || ',"project_id":' || coalesce('"' || "tasks"."project_id" || '"', 'null') || ',"parent_id":' || coalesce('"' || "tasks"."parent_id" || '"', 'null') || ',"title":' || coalesce(to_json("tasks"."title")::text, 'null') || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"status":' || coalesce('"' || "tasks"."status" || '"', 'null') || ',"priority":' || coalesce(cast("tasks"."priority" as text), 'null') || ',"due_on":' || coalesce(to_json("tasks"."due_on")::text, 'null') || ',"position":' || coalesce(cast("tasks"."position" as text), 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"completed_at":' || coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null') || ',"version":' || coalesce(cast("tasks"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("tasks"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $35)) then tags_json_of($36, tasks.id) else tasks.tags_json end, 'null') || ',"subtasks":' || coalesce('[]', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $37
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_10" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $38
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_9" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $39
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_8" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $40
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_7" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $41
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_6" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $42
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_5" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $43
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_4" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $44
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_3" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $45
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_2" on true
offset 0)) as built) as items), '') || ']', 'null') || '}' as "body"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $46
and "tasks"."id" = $47
and "tasks"."deleted_at" is null), "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $48::json)::text else "body" end as "body"
from "query")
select "etag", case when array['*', etag] && $49::text[] then null else representation.body end as "body"
from "representation";
