select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

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

delete
from "webhook_secrets"
where "tenant_id" = $1
and "webhook_id" = $2
and (expires_at <= now() or id not in (
select kept.id
from webhook_secrets as kept
where kept.tenant_id = $3
and kept.webhook_id = $4
order by kept.id desc
limit $5));

update "webhook_secrets"
set "expires_at" = now() + interval '24 hours'
where "tenant_id" = $1
and "webhook_id" = $2
and "expires_at" is null;

insert into "webhook_secrets" ("tenant_id", "webhook_id", "sealed")
values ($1, $2, $3);

update "webhooks"
set "secret_rotated_at" = clock_timestamp()
where "tenant_id" = $1
and "id" = $2;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "webhooks"."version", ('{"secret":' || coalesce(cast(null as text), 'null') || '}') as "body"
from "webhooks"
where "webhooks"."tenant_id" = $2
and "webhooks"."id" = $3
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
