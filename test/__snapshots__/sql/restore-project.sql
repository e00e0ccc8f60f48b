select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "projects"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((
select trash_id = id
and deleted_at >= now() - interval '30 days'
from projects
where tenant_id = $1
and id = $2), $3::json) as "allowed";

update "projects"
set "deleted_at" = $1, "deleted_by" = $2, "trash_id" = $3
where "tenant_id" = $4
and "id" = $5;

update "tasks"
set "deleted_at" = $1, "deleted_by" = $2, "trash_id" = $3
where "tenant_id" = $4
and "trash_id" = $5;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "projects"."version", ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast(first.task_count as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || ',"tasks":[') || coalesce(first.items, '') || ('],"tasks_page":') || coalesce(('{"limit":' || coalesce(cast($2::integer as text), 'null') || ',"has_more":' || coalesce(cast(first.task_count > $3::integer as text), 'null') || ',"next_cursor":' || coalesce('"' || first.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body"
from "projects"
inner join lateral (
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $4::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($5, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $6)) then tags_json_of($7, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $8)) then assignees_json_of($9, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $10
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $11
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item"
from "tasks"
where "tasks"."tenant_id" = $12
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $13
offset 0)) as built) as items) as items, counted.task_count, case when counted.task_count > $14::integer then make_cursor( concat($15::uuid, $16::text, projects.id, $17::text), case when $18::integer = 0 then '[]'::json else (select json_build_array(position::text, id::text)
from ((select "tasks"."position", "tasks"."id"
from "tasks"
where "tasks"."tenant_id" = $19
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null
order by "tasks"."position", "tasks"."id"
limit $20
offset $21::integer - 1)) as last) end) end as next_cursor
from ((select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $22
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null)) as counted ) as "first" on true
where "projects"."tenant_id" = $23
and "projects"."deleted_at" is null
and "projects"."id" = $24
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
