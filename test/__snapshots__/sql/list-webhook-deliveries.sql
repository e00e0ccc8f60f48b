select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "webhook_deliveries"
where "webhook_deliveries"."tenant_id" = $4
and "webhook_deliveries"."webhook_id" = $5
and "webhook_deliveries"."status" = $6)) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "webhook_deliveries".*, "webhook_deliveries"."created_at" as "sort_0", "webhook_deliveries"."id" as "sort_1"
from "webhook_deliveries"
where "webhook_deliveries"."tenant_id" = $7
and "webhook_deliveries"."webhook_id" = $8
and "webhook_deliveries"."status" = $9
order by "webhook_deliveries"."created_at" desc, "webhook_deliveries"."id" desc
limit $10::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $11::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "webhook_deliveries"."id" || '"', 'null') || ',"event":' || coalesce('"' || "webhook_deliveries"."event" || '"', 'null') || ',"resource_id":' || coalesce('"' || "webhook_deliveries"."resource_id" || '"', 'null') || ',"attempt":' || coalesce(cast("webhook_deliveries"."attempt" as text), 'null') || ',"status":' || coalesce('"' || "webhook_deliveries"."status" || '"', 'null') || ',"ms":' || coalesce(cast(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."ms" end as text), 'null') || ',"http_status":' || coalesce(cast(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."http_status" end as text), 'null') || ',"response":' || coalesce(to_json(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."response" end)::text, 'null') || ',"error":' || coalesce(to_json(case when webhook_deliveries.status <> 'pending' then "webhook_deliveries"."error" end)::text, 'null') || ',"at":' || coalesce('"' || rfc3339("webhook_deliveries"."created_at") || '"', 'null') || ',"next_attempt_at":' || coalesce('"' || rfc3339(nullif(webhook_deliveries.next_attempt_at, 'infinity')) || '"', 'null') || '}') as "item"
from (select *
from sorted
limit $12) as "webhook_deliveries"
offset 0)) as built) as items) as items, counted.n > $13::integer as has_more, case when counted.n > $14::integer then (
select make_cursor(concat($15::text, $16::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $17::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
where exists ((select "webhooks"."id"
from "webhooks"
where "webhooks"."tenant_id" = $18
and "webhooks"."id" = $19))
offset 0) as "query"
offset 0) as "representation";
