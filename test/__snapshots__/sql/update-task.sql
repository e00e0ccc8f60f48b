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
and id = $5
and deleted_at is null for no key
update ) as locked on true ) as "found";

select raise_unless((
select octet_length(merge_patch("tasks"."metadata", $1::jsonb)::text) <= 16384
from "tasks"
where tenant_id = $2
and id = $3), $4::json) as "allowed";

select raise_unless(exists (
select from projects
where tenant_id = $1
and id = $2
and deleted_at is null), $3::json) as "allowed";

update "tasks"
set "project_id" = moved.project_id, "parent_id" = case when tasks.id = $1 then $2::uuid else tasks.parent_id end, "position" = case when tasks.project_id = moved.project_id then tasks.position else case when abs(moved.last) > 1e300 then moved.last else moved.last + moved.n * greatest(2 ^ 51, abs(moved.last)) * 2 ^ -51 end end, "title" = case when tasks.id = $3 then $4 else "tasks"."title" end, "metadata" = case when tasks.id = $5 then merge_patch("tasks"."metadata", $6::jsonb) else "tasks"."metadata" end
from (
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $7
and id = $8
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $9
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select tree.id, row_number() over (order by tree.position, tree.id) as n, $10::uuid as project_id, (
select coalesce(max(position), 0)
from tasks
where tenant_id = $11
and project_id = $12::uuid
and deleted_at is null ) as last
from tree ) as "moved"
where "tasks"."tenant_id" = $13
and "tasks"."id" = "moved"."id";

select raise_unless(not exists (
select tag_key(name)
from unnest($1::text[]) as added (name) intersect
select tag_key(name)
from unnest($2::text[]) as removed (name)), $3::json) as "allowed";

insert into "tags" ("tenant_id", "name")
select $1::uuid as "tenant_id", "name"
from (
select distinct on (key) name, key
from (
select name, n, tag_key(name) as key
from unnest($2::text[])
with ordinality as named (name, n)
offset 0 ) as given
where not exists (select
from tags
where tags.tenant_id = $3
and tags.key = given.key)
order by key, n ) as "missing"
order by "key"
on conflict ("tenant_id", "key") do nothing;

select "id"
from "tags"
where "tenant_id" = $1
and ( key in (select tag_key(name)
from unnest($2::text[]) as named (name)) or id in (select tag_id
from task_tags
where tenant_id = $3
and task_id = $4))
order by "key" for share;

with "removed" as (delete
from "task_tags"
where "task_tags"."tenant_id" = $1
and "task_tags"."task_id" = $2
and task_tags.tag_id in (
select tags.id
from tags
where tags.tenant_id = $3
and tags.key in (select tag_key(name)
from unnest($4::text[]) as named (name)))), "given" as (select "task_id", "key"
from (
select distinct task_id, tag_key(name) as key
from json_to_recordset($5::json) as given (task_id uuid, name text)) as "given"), "wanted" as (select "tags"."tenant_id", "given"."task_id", "tags"."id" as "tag_id"
from "given"
inner join "tags" on "tags"."key" = "given"."key"
where "tags"."tenant_id" = $6 for share of "tags"), "inserted" as (insert into "task_tags" ("tenant_id", "task_id", "tag_id")
select "tenant_id", "task_id", "tag_id"
from "wanted"
order by "task_id", "tag_id"
on conflict do nothing)
select retry_unless((select count(*)
from wanted) = (select count(*)
from given)) as "complete";

select raise_unless((select count(*)
from task_tags
where tenant_id = $1
and task_id = $2) <= $3::integer, $4::json) as "allowed";

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
