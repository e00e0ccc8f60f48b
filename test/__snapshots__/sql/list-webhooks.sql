select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "webhooks"
where "webhooks"."tenant_id" = $4
and "webhooks"."status" = $5)) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "webhooks".*, "webhooks"."created_at" as "sort_0", "webhooks"."id" as "sort_1"
from "webhooks"
where "webhooks"."tenant_id" = $6
and "webhooks"."status" = $7
order by "webhooks"."created_at" desc, "webhooks"."id" desc
limit $8::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $9::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "webhooks"."id" || '"', 'null') || ',"url":' || coalesce(to_json("webhooks"."url")::text, 'null') || ',"events":' || coalesce(cast(to_json(webhooks.events) as text), 'null') || ',"status":' || coalesce('"' || "webhooks"."status" || '"', 'null') || ',"paused_reason":' || coalesce(to_json("webhooks"."paused_reason")::text, 'null') || ',"description":' || coalesce(to_json("webhooks"."description")::text, 'null') || ',"version":' || coalesce(cast("webhooks"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("webhooks"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("webhooks"."updated_at") || '"', 'null') || ',"last_delivery":') || coalesce((
select ('{"at":' || coalesce('"' || rfc3339("webhook_deliveries"."tried_at") || '"', 'null') || ',"status":' || coalesce('"' || "webhook_deliveries"."status" || '"', 'null') || '}')
from webhook_deliveries
where webhook_deliveries.tenant_id = $10
and webhook_deliveries.webhook_id = webhooks.id
and webhook_deliveries.tried_at is not null
order by webhook_deliveries.tried_at desc
limit 1), 'null') || ('}') as "item"
from (select *
from sorted
limit $11) as "webhooks"
offset 0)) as built) as items) as items, counted.n > $12::integer as has_more, case when counted.n > $13::integer then (
select make_cursor(concat($14::text, $15::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $16::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
