select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from webhooks
where tenant_id = $1
and id = $2 for key share), $3::json) as "allowed";

insert into "webhook_deliveries" ("tenant_id", "id", "webhook_id", "event", "resource_type", "resource_id", "body", "people")
select "webhooks"."tenant_id", $1::uuid as "id", "webhooks"."id" as "webhook_id", 'webhook.test' as "event", 'webhook' as "resource_type", "webhooks"."id" as "resource_id", webhook_body( 'webhook.test', rfc3339(clock_timestamp()), $2, 'webhook', ('{"id":' || coalesce('"' || "webhooks"."id" || '"', 'null') || ',"url":' || coalesce(to_json("webhooks"."url")::text, 'null') || ',"events":' || coalesce(cast(to_json(webhooks.events) as text), 'null') || ',"status":' || coalesce('"' || "webhooks"."status" || '"', 'null') || ',"paused_reason":' || coalesce(to_json("webhooks"."paused_reason")::text, 'null') || ',"description":' || coalesce(to_json("webhooks"."description")::text, 'null') || ',"version":' || coalesce(cast("webhooks"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("webhooks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("webhooks"."updated_at") || '"', 'null') || '}'), '{}', nullif(current_setting('app.actor', true), '')) as "body", array_remove(array[actor_mention(nullif(current_setting('app.actor', true), ''))], null) as "people"
from "webhooks"
where "webhooks"."tenant_id" = $3
and "webhooks"."id" = $4;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select null::integer as "version", ('{"id":' || coalesce('"' || "webhook_deliveries"."id" || '"', 'null') || ',"event":' || coalesce('"' || "webhook_deliveries"."event" || '"', 'null') || ',"resource_id":' || coalesce('"' || "webhook_deliveries"."resource_id" || '"', 'null') || ',"attempt":' || coalesce(cast("webhook_deliveries"."attempt" as text), 'null') || ',"status":' || coalesce('"' || "webhook_deliveries"."status" || '"', 'null') || ',"ms":' || coalesce(cast(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."ms" end as text), 'null') || ',"http_status":' || coalesce(cast(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."http_status" end as text), 'null') || ',"response":' || coalesce(to_json(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."response" end)::text, 'null') || ',"error":' || coalesce(to_json(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."error" end)::text, 'null') || ',"at":' || coalesce('"' || rfc3339("webhook_deliveries"."created_at") || '"', 'null') || ',"next_attempt_at":' || coalesce('"' || rfc3339(nullif(webhook_deliveries.next_attempt_at, 'infinity')) || '"', 'null') || '}') as "body"
from "webhook_deliveries"
where "webhook_deliveries"."tenant_id" = $2
and "webhook_deliveries"."webhook_id" = $3
and "webhook_deliveries"."id" = $4
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
