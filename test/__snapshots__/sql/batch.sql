select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select set_config('app.operation', '0', true) as "operation";

insert into "projects" ("id", "name", "description", "status", "metadata", "tenant_id")
values ($1, $2, $3, $4, $5, $6);

insert into "tasks" ("tenant_id", "project_id", "id", "parent_id", "title", "description", "status", "priority", "due_on", "position", "metadata", "tags_json", "assignees_json")
select $1::uuid, $2::uuid, id, parent_id, title, description, status, priority, due_on, coalesce(position, (
select case when abs(coalesce(max(last.position), 0)) > 1e300 then coalesce(max(last.position), 0) else coalesce(max(last.position), 0) + 1 * greatest(2 ^ 51, abs(coalesce(max(last.position), 0))) * 2 ^ -51 end
from tasks as last
where last.tenant_id = $3
and last.project_id = $4
and last.deleted_at is null )), metadata, '[]', '[]'
from json_to_recordset($5::json) as given ( id uuid, parent_id uuid, title text, description text, status text, priority integer, due_on date, position double precision, metadata jsonb);

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
select keep_result($25, $26::integer, $27, etag, body) as "kept"
from "representation";

select raise_unless((
select true
from projects
where tenant_id = $1
and id = $2
and deleted_at is null for share), $3::json) as "allowed";

with given as materialized (
select pointer, member_id, leaves, n
from rows
from (json_to_recordset($1::json) as (pointer text, member_id uuid, leaves boolean))
with ordinality as given (pointer, member_id, leaves, n)), locked as materialized (
select id, status
from members
where tenant_id = $2
and id = any(array(select member_id
from given))
order by id for share), faulty as materialized (
select pointer, n, case when locked.id is null then 'unknown' else 'deactivated' end as code, case when locked.id is null then 'is no member' else 'is a deactivated member' end as message
from given
left join locked on locked.id = given.member_id
where locked.status is distinct
from 'active'
and not (locked.id is not null
and (coalesce(leaves, false) or exists (
select from assignees
where tenant_id = $3
and task_id = $4::uuid
and assignees.member_id = given.member_id)))
order by n
limit 20)
select raise_unless(not exists (select
from faulty), (
select json_build_object( 'code', 'unprocessable', 'detail', (array_agg(pointer || ': ' || message
order by n))[1], 'errors', json_agg(json_build_object('pointer', pointer, 'code', code, 'message', message)
order by n))
from faulty)) as allowed;

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
from found group by task_id), assigned as materialized (
select task_id, member_id, role, name
from json_to_recordset($3::json) as named (task_id uuid, member_id uuid, role text) join members on members.id = named.member_id
where members.tenant_id = $4), assignee_texts as materialized (
select task_id, '[' || string_agg( assignee_json(member_id, name, role, now()::timestamptz(3)), ','
order by role <> 'owner', name, member_id ) || ']' as assignees_json
from assigned group by task_id), created as (insert into "tasks" ("tenant_id", "project_id", "id", "parent_id", "title", "description", "status", "priority", "due_on", "position", "metadata", "tags_json", "assignees_json")
select $5::uuid, $6::uuid, id, parent_id, title, description, status, priority, due_on, coalesce(position, (
select case when abs(coalesce(max(last.position), 0)) > 1e300 then coalesce(max(last.position), 0) else coalesce(max(last.position), 0) + 1 * greatest(2 ^ 51, abs(coalesce(max(last.position), 0))) * 2 ^ -51 end
from tasks as last
where last.tenant_id = $7
and last.project_id = $8
and last.deleted_at is null )), metadata, coalesce((select "tags_json"
from "tag_texts" as texts
where texts.task_id = given.id), '[]'), coalesce((select "assignees_json"
from "assignee_texts" as texts
where texts.task_id = given.id), '[]')
from json_to_recordset($9::json) as given ( id uuid, parent_id uuid, title text, description text, status text, priority integer, due_on date, position double precision, metadata jsonb)
returning "id"), tagged as (
insert into task_tags (tenant_id, task_id, tag_id)
select $10::uuid, task_id, tag_id
from found join created on created.id = found.task_id
order by task_id, tag_id), assigning as (
insert into assignees (tenant_id, task_id, member_id, role)
select $11::uuid, task_id, member_id, role
from assigned join created on created.id = assigned.task_id
order by task_id, member_id)
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
select keep_result($12, $13::integer, $14, etag, body) as "kept"
from "representation";

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

select raise_unless(exists (
select from projects
where tenant_id = $1
and id = $2
and deleted_at is null), $3::json) as "allowed";

select raise_unless((with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $1
and id = $2
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $3
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select bool_and(tree.id <> $4)
from tree), $5::json) as "allowed";

select raise_unless(exists (
select from tasks
where tenant_id = $1
and id = $2
and project_id = $3::uuid
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
from up) + 1 + (
with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $4
and id = $5
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $6
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select max(depth)
from tree) <= $7::integer, $8::json) as "allowed";

update "tasks"
set "project_id" = moved.project_id, "parent_id" = case when tasks.id = $1 then $2::uuid else tasks.parent_id end, "position" = case when tasks.project_id = moved.project_id then tasks.position else case when abs(moved.last) > 1e300 then moved.last else moved.last + moved.n * greatest(2 ^ 51, abs(moved.last)) * 2 ^ -51 end end
from (
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
select tree.id, row_number() over (order by tree.position, tree.id) as n, $6::uuid as project_id, (
select coalesce(max(position), 0)
from tasks
where tenant_id = $7
and project_id = $8::uuid
and deleted_at is null ) as last
from tree ) as "moved"
where "tasks"."tenant_id" = $9
and "tasks"."id" = "moved"."id";

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
select keep_result($12, $13::integer, $14, etag, body) as "kept"
from "representation";

select "id"
from "projects"
where "tenant_id" = $1
and "id" in (
select project_id
from tasks
where tenant_id = $2
and id = any($3::uuid[]))
order by "id" for share;

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
select true
from tasks
where tenant_id = $1
and id = $2
and deleted_at is null for key share), $3::json) as "allowed";

select pg_advisory_xact_lock($1::integer, hashtext($2::text)) as "locked";

select raise_unless(closes is not true, $1::json) as "no_circle", raise_unless(tasks <= $2, $3::json) as "searched"
from (
with recursive above as (
select $4::uuid as id
where not exists (
select from dependencies
where tenant_id = $5
and task_id = $6
and blocker_id = $7) union
select next.blocker_id
from above cross join lateral (
select blocker_id
from dependencies
where tenant_id = $8
and task_id = above.id
offset 0) as next )
select bool_or(id = $9) as closes, count(*) as tasks
from (select id
from above
limit $10) as bounded) as "walk";

insert into "dependencies" ("tenant_id", "task_id", "blocker_id")
values ($1, $2, $3)
on conflict do nothing;

select raise_unless((select count(*)
from (select
from dependencies
where tenant_id = $1
and task_id = $2
limit $3) as bounded) <= $4::integer, $5::json) as "allowed";

select raise_unless((select count(*)
from (select
from dependencies
where tenant_id = $1
and blocker_id = $2
limit $3) as bounded) <= $4::integer, $5::json) as "allowed";

select keep_result($1, $2::integer, $3, null, null) as "kept";

with "made" as (insert into "tags" ("id", "name", "color", "tenant_id")
values ($1, $2, $3, $4)
on conflict ("tenant_id", "key") do nothing
returning "id")
select raise_unless(exists (select
from made), $5::json) as "made";

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "tags"."version", ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"version":' || coalesce(cast("tags"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("tags"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tags"."updated_at") || '"', 'null') || '}') as "body"
from "tags"
where "tags"."tenant_id" = $2
and "tags"."id" = $3
offset 0) as "query"
offset 0)
select keep_result($4, $5::integer, $6, etag, body) as "kept"
from "representation";

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
select bool_or(id = $1)
from (
select id
from tags
where tenant_id = $2
and ( id = $3 or id in (select tag_id
from task_tags
where tenant_id = $4
and task_id = $5))
order by key for share ) as locked), $6::json) as "allowed";

insert into "task_tags" ("tenant_id", "task_id", "tag_id")
values ($1, $2, $3)
on conflict do nothing;

select raise_unless((select count(*)
from task_tags
where tenant_id = $1
and task_id = $2) <= $3::integer, $4::json) as "allowed";

select keep_result($1, $2::integer, $3, null, null) as "kept";

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
select bool_or(id = $1)
from (
select id
from tags
where tenant_id = $2
and ( id = $3 or id in (select tag_id
from task_tags
where tenant_id = $4
and task_id = $5))
order by key for share ) as locked), $6::json) as "allowed";

delete
from "task_tags"
where "tenant_id" = $1
and "task_id" = $2
and "tag_id" = $3;

select keep_result($1, $2::integer, $3, null, null) as "kept";

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

select count(*)::integer as "count"
from (
select id
from members
where tenant_id = $1
and id = any(array_append($2::uuid[], current_member()))
order by id for key share) as "locked";

select raise_unless(not exists (
select from unnest($1::uuid[]) as mentioned (id)
where not exists (select
from members
where members.tenant_id = $2
and members.id = mentioned.id)
and not exists (
select from comments
where comments.tenant_id = $3
and comments.id = $4
and strpos(lower(comments.body), '@[' || mentioned.id || ']') > 0)), $5::json) as "allowed";

insert into "comments" ("tenant_id", "id", "task_id", "author_id", "body")
values ($1, $2, $3, (select id
from members
where tenant_id = $4
and id = current_member()), $5);

insert into "comment_mentions" ("tenant_id", "comment_id", "member_id", "n")
select members.tenant_id, $1::uuid, members.id, mentioned.n
from unnest($2::uuid[])
with ordinality as mentioned (id, n) join members on members.tenant_id = $3
and members.id = mentioned.id;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "comments"."version", ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $2
and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ','
order by mentioned.n)
from comment_mentions as mentioned join members on members.id = mentioned.member_id
where mentioned.tenant_id = $3
and members.tenant_id = $4
and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}') as "body"
from "comments"
where "comments"."tenant_id" = $5
and (
select tasks.deleted_at is null
from tasks
where tasks.tenant_id = $6
and tasks.id = comments.task_id)
and "comments"."id" = $7
offset 0) as "query"
offset 0)
select keep_result($8, $9::integer, $10, etag, body) as "kept"
from "representation";

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

select raise_unless(exists (select
from tasks
where tenant_id = $1
and id = $2), $3::json) as "allowed";

delete
from "dependencies"
where "tenant_id" = $1
and "task_id" = $2
and "blocker_id" = $3;

select keep_result($1, $2::integer, $3, null, null) as "kept";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "projects"
where tenant_id = $4
and id = $5
and deleted_at is null for no key
update ) as locked on true ) as "found";

update "tasks"
set "deleted_at" = now(), "deleted_by" = nullif(current_setting('app.actor'), ''), "trash_id" = $1
where "tenant_id" = $2
and "project_id" = $3
and "deleted_at" is null;

update "projects"
set "deleted_at" = now(), "deleted_by" = nullif(current_setting('app.actor'), ''), "trash_id" = $1
where "tenant_id" = $2
and "id" = $3;

select keep_result($1, $2::integer, $3, null, null) as "kept";

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
select keep_result($25, $26::integer, $27, etag, body) as "kept"
from "representation";

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select null::integer as "version", kept_results() as "body"
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
