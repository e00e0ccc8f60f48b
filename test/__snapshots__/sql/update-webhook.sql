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

update "webhook_deliveries"
set "attempt" = $1, "next_attempt_at" = clock_timestamp()
where "tenant_id" = $2
and "webhook_id" = $3
and "status" = $4
and next_attempt_at < 'infinity'
and (
select status = 'paused'
from webhooks
where tenant_id = $5
and id = $6);

update "webhooks"
set "url" = $1, "events" = $2, "description" = $3, "status" = $4, "paused_reason" = $5
where "tenant_id" = $6
and "id" = $7;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "webhooks"."version", ('{"id":' || coalesce('"' || "webhooks"."id" || '"', 'null') || ',"url":' || coalesce(to_json("webhooks"."url")::text, 'null') || ',"events":' || coalesce(cast(to_json(webhooks.events) as text), 'null') || ',"status":' || coalesce('"' || "webhooks"."status" || '"', 'null') || ',"paused_reason":' || coalesce(to_json("webhooks"."paused_reason")::text, 'null') || ',"description":' || coalesce(to_json("webhooks"."description")::text, 'null') || ',"version":' || coalesce(cast("webhooks"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("webhooks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("webhooks"."updated_at") || '"', 'null') || ',"last_delivery":') || coalesce((
select ('{"at":' || coalesce('"' || rfc3339("webhook_deliveries"."tried_at") || '"', 'null') || ',"status":' || coalesce('"' || "webhook_deliveries"."status" || '"', 'null') || '}')
from webhook_deliveries
where webhook_deliveries.tenant_id = $2
and webhook_deliveries.webhook_id = webhooks.id
and webhook_deliveries.tried_at is not null
order by webhook_deliveries.tried_at desc
limit 1), 'null') || ('}') as "body"
from "webhooks"
where "webhooks"."tenant_id" = $3
and "webhooks"."id" = $4
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
