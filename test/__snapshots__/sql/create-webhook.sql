select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select pg_advisory_xact_lock($1::integer, hashtext($2::text)) as "locked";

select raise_unless((select count(*)
from webhooks
where tenant_id = $1) < $2::integer, $3::json) as "allowed";

insert into "webhooks" ("id", "url", "events", "description", "tenant_id")
values ($1, $2, $3, $4, $5);

insert into "webhook_secrets" ("tenant_id", "webhook_id", "sealed")
values ($1, $2, $3);

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "webhooks"."version", ('{"id":' || coalesce('"' || "webhooks"."id" || '"', 'null') || ',"url":' || coalesce(to_json("webhooks"."url")::text, 'null') || ',"events":' || coalesce(cast(to_json(webhooks.events) as text), 'null') || ',"status":' || coalesce('"' || "webhooks"."status" || '"', 'null') || ',"paused_reason":' || coalesce(to_json("webhooks"."paused_reason")::text, 'null') || ',"description":' || coalesce(to_json("webhooks"."description")::text, 'null') || ',"version":' || coalesce(cast("webhooks"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("webhooks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("webhooks"."updated_at") || '"', 'null') || ',"last_delivery":') || coalesce((
select ('{"at":' || coalesce('"' || rfc3339("webhook_deliveries"."tried_at") || '"', 'null') || ',"status":' || coalesce('"' || "webhook_deliveries"."status" || '"', 'null') || '}')
from webhook_deliveries
where webhook_deliveries.tenant_id = $2
and webhook_deliveries.webhook_id = webhooks.id
and webhook_deliveries.tried_at is not null
order by webhook_deliveries.tried_at desc
limit 1), 'null') || (',"secret":' || coalesce(cast(null as text), 'null') || '}') as "body"
from "webhooks"
where "webhooks"."tenant_id" = $3
and "webhooks"."id" = $4
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
