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

update "tasks"
set "deleted_at" = now(), "deleted_by" = nullif(current_setting('app.actor'), ''), "trash_id" = $1
where "tenant_id" = $2
and "deleted_at" is null
and id = any(array(with recursive tree as (
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
select id
from tree));
