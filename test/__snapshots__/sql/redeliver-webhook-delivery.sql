select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from webhook_deliveries
where tenant_id = $1
and webhook_id = $2
and id = $3 for no key update), $4::json) as "allowed";

update "webhook_deliveries"
set "status" = $1, "attempt" = $2, "next_attempt_at" = case when next_attempt_at = 'infinity' then next_attempt_at else clock_timestamp() end
where "tenant_id" = $3
and "webhook_id" = $4
and "id" = $5;

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
