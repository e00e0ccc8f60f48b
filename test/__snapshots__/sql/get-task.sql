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
limit $6) as live) <= $7::integer, $8::json) as "small_enough", concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $9)) then tags_json_of($10, tasks.id) else tasks.tags_json end, 'null'), ',"project":', coalesce((
select '{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || '}'
from projects
where projects.tenant_id = $11
and projects.id = tasks.project_id), 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $12::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $13)) then tags_json_of($14, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $15::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $16)) then tags_json_of($17, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $18::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $19)) then tags_json_of($20, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $21::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $22)) then tags_json_of($23, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $24::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $25)) then tags_json_of($26, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $27::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $28)) then tags_json_of($29, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $30::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $31)) then tags_json_of($32, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $33::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $34)) then tags_json_of($35, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce(concat('[', (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $36::json)::text else item end as item
from ((select concat('{"id":', coalesce('"' || "tasks"."id" || '"', 'null'), ',"project_id":', coalesce('"' || "tasks"."project_id" || '"', 'null'), ',"parent_id":', coalesce('"' || "tasks"."parent_id" || '"', 'null'), ',"title":', coalesce(to_json("tasks"."title")::text, 'null'), ',"description":', coalesce(to_json("tasks"."description")::text, 'null'), ',"status":', coalesce('"' || "tasks"."status" || '"', 'null'), ',"priority":', coalesce(cast("tasks"."priority" as text), 'null'), ',"due_on":', coalesce(to_json("tasks"."due_on")::text, 'null'), ',"position":', coalesce(cast("tasks"."position" as text), 'null'), ',"metadata":', coalesce(cast("tasks"."metadata" as text), 'null'), ',"completed_at":', coalesce('"' || rfc3339("tasks"."completed_at") || '"', 'null'), ',"version":', coalesce(cast("tasks"."version" as text), 'null'), ',"created_by":', coalesce(to_json("tasks"."created_by")::text, 'null'), ',"created_at":', coalesce('"' || rfc3339("tasks"."created_at") || '"', 'null'), ',"updated_at":', coalesce('"' || rfc3339("tasks"."updated_at") || '"', 'null'), ',"tags":', coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $37)) then tags_json_of($38, tasks.id) else tasks.tags_json end, 'null'), ',"subtasks":', coalesce('[]', 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $39
and tasks.project_id = "level_9"."project_id"
and tasks.parent_id = "level_9"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_10" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $40
and tasks.project_id = "level_8"."project_id"
and tasks.parent_id = "level_8"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_9" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $41
and tasks.project_id = "level_7"."project_id"
and tasks.parent_id = "level_7"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_8" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $42
and tasks.project_id = "level_6"."project_id"
and tasks.parent_id = "level_6"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_7" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $43
and tasks.project_id = "level_5"."project_id"
and tasks.parent_id = "level_5"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_6" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $44
and tasks.project_id = "level_4"."project_id"
and tasks.parent_id = "level_4"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_5" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $45
and tasks.project_id = "level_3"."project_id"
and tasks.parent_id = "level_3"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_4" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $46
and tasks.project_id = "level_2"."project_id"
and tasks.parent_id = "level_2"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_3" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "item"
from (select "tasks".*
from "tasks"
where "tasks"."tenant_id" = $47
and tasks.project_id = "level_1"."project_id"
and tasks.parent_id = "level_1"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
offset 0) as "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_2" on true
offset 0)) as built) as items), ']'), 'null'), '}') as "body"
from "tasks"
inner join lateral (select tasks.id, tasks.project_id) as "level_1" on true
where "tasks"."tenant_id" = $48
and "tasks"."id" = $49
and "tasks"."deleted_at" is null
offset 0) as "query"
offset 0) as "representation";
