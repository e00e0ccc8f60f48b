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

select raise_unless((select deleted_at is not null
from projects
where tenant_id = $1
and id = $2), $3::json) as "allowed";

select split_unless( (select count(*)
from (select doomed.id
from tasks as doomed
where doomed.tenant_id = $1
and doomed.project_id = $2
limit $3) as bounded) <= $4::integer
and (select count(*)
from (
select comments.id
from comments
where comments.tenant_id = $5
and comments.task_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $6
and doomed.project_id = $7))
limit $8) as bounded) <= $9::integer
and (select count(*)
from (
select from audit_log
where audit_log.tenant_id = $10
and audit_log.resource_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $11
and doomed.project_id = $12))
union all select
from dependencies
where dependencies.tenant_id = $13
and dependencies.blocker_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $14
and doomed.project_id = $15))
union all select
from audit_log
where audit_log.tenant_id = $16
and audit_log.resource_id = any(array(
select comments.id
from comments
where comments.tenant_id = $17
and comments.task_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $18
and doomed.project_id = $19))
limit $20))
limit $21) as bounded) <= $22::integer
and (select count(*)
from (
select mentions.key
from idempotency_mentions as mentions
where mentions.tenant_id = $23
and mentions.resource_id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $24
and doomed.project_id = $25))
limit $26) as bounded) <= $27::integer) as "few";

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
and doomed.project_id = $6))));

delete
from "tasks"
where "tenant_id" = $1
and id = any(array(select doomed.id
from tasks as doomed
where doomed.tenant_id = $2
and doomed.project_id = $3));

update "idempotency_keys"
set "body" = $1, "etag" = $2
where "tenant_id" = $3
and key = any(array(
select mentions.key
from idempotency_mentions as mentions
where mentions.tenant_id = $4
and mentions.resource_id = any(array(select $5::uuid))));

delete
from "projects"
where "tenant_id" = $1
and "id" = $2;
