select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from tasks
where tenant_id = $1
and deleted_at is null
and id = (select task_id
from comments
where tenant_id = $2
and id = $3) for no key update), $4::json) as "allowed";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "comments"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((
select current_setting('app.caller_role') = 'admin' or author_id = current_member() or (author_id is null
and actor = nullif(current_setting('app.actor'), ''))
from comments
where tenant_id = $1
and id = $2), $3::json) as "allowed";

update "idempotency_keys"
set "body" = $1, "etag" = $2
where "tenant_id" = $3
and key = any(array(
select mentions.key
from idempotency_mentions as mentions
where mentions.tenant_id = $4
and mentions.resource_id = any(array(select $5::uuid))));

delete
from "comments"
where "tenant_id" = $1
and "id" = $2;
