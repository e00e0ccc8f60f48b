select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from projects
where tenant_id = $1
and id = $2
and deleted_at is null for share), $3::json) as "allowed";

select raise_unless((
select true
from tasks
where tenant_id = $1
and project_id = $2
and id = $3
and deleted_at is null), $4::json) as "allowed";

select raise_unless((
with recursive up as (
select id, parent_id, 1 as level
from tasks
where tenant_id = $1
and id = $2
union all select tasks.id, tasks.parent_id, up.level + 1
from up join tasks on tasks.tenant_id = $3
and tasks.id = up.parent_id )
select max(level)
from up) < $4, $5::json) as "allowed";

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

with wanted as materialized (
select distinct task_id, tag_key(name) as key
from json_to_recordset($1::json) as given (task_id uuid, name text)), locked as materialized (
select id, name, color, key
from tags
where tenant_id = $2
and key = any(array(select key
from wanted))
order by key for share), found as materialized (
select task_id, locked.id as tag_id, name, color
from wanted join locked on locked.key = wanted.key), tag_texts as materialized (
select task_id, '[' || string_agg(tag_json(tag_id, name, color), ','
order by name, tag_id) || ']' as tags_json
from found group by task_id), created as (insert into "tasks" ("tenant_id", "project_id", "id", "parent_id", "title", "description", "status", "priority", "due_on", "position", "metadata", "tags_json", "assignees_json")
select $3::uuid, $4::uuid, id, parent_id, title, description, status, priority, due_on, coalesce(position, (
select case when abs(coalesce(max(last.position), 0)) > 1e300 then coalesce(max(last.position), 0) else coalesce(max(last.position), 0) + 1 * greatest(2 ^ 51, abs(coalesce(max(last.position), 0))) * 2 ^ -51 end
from tasks as last
where last.tenant_id = $5
and last.project_id = $6
and last.deleted_at is null )), metadata, coalesce((select "tags_json"
from "tag_texts" as texts
where texts.task_id = given.id), '[]'), '[]'
from json_to_recordset($7::json) as given ( id uuid, parent_id uuid, title text, description text, status text, priority integer, due_on date, position double precision, metadata jsonb)
returning "id"), tagged as (
insert into task_tags (tenant_id, task_id, tag_id)
select $8::uuid, task_id, tag_id
from found join created on created.id = found.task_id
order by task_id, tag_id)
select retry_unless((select count(*)
from found) = (select count(*)
from wanted)) as complete;

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
