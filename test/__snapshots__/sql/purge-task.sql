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

select raise_unless((select deleted_at is not null
from tasks
where tenant_id = $1
and id = $2), $3::json) as "allowed";

select split_unless( (select count(*)
from (select doomed.id
from tasks as doomed
where doomed.tenant_id = $1
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $2
and id = $3
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $4
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))
limit $5) as bounded) <= $6::integer
and (select count(*)
from (
select comments.id
from comments
where comments.tenant_id = $7
and comments.task_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $8
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $9
and id = $10
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $11
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))
limit $12) as bounded) <= $13::integer
and (select count(*)
from (
select from audit_log
where audit_log.tenant_id = $14
and audit_log.resource_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $15
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $16
and id = $17
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $18
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))
union all select
from dependencies
where dependencies.tenant_id = $19
and dependencies.blocker_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $20
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $21
and id = $22
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $23
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))
union all select
from audit_log
where audit_log.tenant_id = $24
and audit_log.resource_id = any(array(
select comments.id
from comments
where comments.tenant_id = $25
and comments.task_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $26
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $27
and id = $28
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $29
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))
limit $30))
limit $31) as bounded) <= $32::integer
and (select count(*)
from (
select mentions.key
from idempotency_mentions as mentions
where mentions.tenant_id = $33
and mentions.resource_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $34
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $35
and id = $36
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $37
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))
limit $38) as bounded) <= $39::integer) as "few";

update "idempotency_keys"
set "body" = $1, "etag" = $2
where "tenant_id" = $3
and key = any(array(
select mentions.key
from idempotency_mentions as mentions
where mentions.tenant_id = $4
and mentions.resource_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $5
and doomed.id = any(array(with recursive tree as (
select id, project_id, position, deleted_at, 0 as depth
from tasks
where tenant_id = $6
and id = $7
union all select tasks.id, tasks.project_id, tasks.position, tasks.deleted_at, tree.depth + 1
from tree cross join lateral (
select id, project_id, position, deleted_at
from tasks
where tenant_id = $8
and project_id = tree.project_id
and parent_id = tree.id
offset 0) as tasks )
select id
from tree))))));

delete
from "tasks"
where "tenant_id" = $1
and id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $2
and doomed.id = any(array(with recursive tree as (
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
from tree))));
