select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select lock_webhook_outbox($1) as "locked";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "webhooks"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select split_unless((select count(*)
from (select
from webhook_deliveries
where tenant_id = $1
and webhook_id = $2
limit $3) as bounded) <= $4::integer
and (select count(*)
from (select
from webhook_outbox
where tenant_id = $5
and not exists (
select from webhooks
where tenant_id = $6
and id <> $7)
limit $8) as bounded) <= $9::integer) as "few";

delete
from "webhooks"
where "tenant_id" = $1
and "id" = $2;
