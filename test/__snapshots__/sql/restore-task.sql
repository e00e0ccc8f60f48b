select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select set_config('app.locked_projects', coalesce(string_agg(id::text, ','), ''), true) as "locked"
from (
select id
from projects
where tenant_id = $1
and (id = (select project_id
from tasks
where tenant_id = $2
and id = $3) or id = any($4::uuid[]))
order by id for no key
update ) as "locked";

select retry_unless( (select project_id
from tasks
where tenant_id = $1
and id = $2) is null or (select project_id
from tasks
where tenant_id = $3
and id = $4) = any(string_to_array(current_setting('app.locked_projects'), ',')::uuid[])) as "still_there";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "tasks"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((select trash_id = id
and deleted_at >= now() - interval '30 days'
from tasks
where tasks.tenant_id = $1
and tasks.id = $2), $3::json) as "allowed";

select raise_unless((
select not exists (
select from projects
where projects.tenant_id = $1
and projects.id = tasks.project_id
and projects.deleted_at is not null )
and not exists (
select from tasks as parent
where parent.tenant_id = $2
and parent.id = tasks.parent_id
and parent.deleted_at is not null )
from tasks
where tasks.tenant_id = $3
and tasks.id = $4), $5::json) as "allowed";

update "tasks"
set "deleted_at" = $1, "deleted_by" = $2, "trash_id" = $3
where "tenant_id" = $4
and "trash_id" = $5;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "tasks"."version", (coalesce(tasks.own_json, task_own_json($2, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $3)) then tags_json_of($4, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $5)) then assignees_json_of($6, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $7
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $8
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || ',"project":' || coalesce((
select ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || '}')
from projects
where projects.tenant_id = $9
and projects.id = tasks.project_id), 'null') || '}') as "body"
from "tasks"
where "tasks"."tenant_id" = $10
and "tasks"."id" = $11
and "tasks"."deleted_at" is null
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
