select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

with "made" as (insert into "tags" ("id", "name", "color", "tenant_id")
values ($1, $2, $3, $4)
on conflict ("tenant_id", "key") do nothing
returning "id")
select raise_unless(exists (select
from made), $5::json) as "made";

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "tags"."version", ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"version":' || coalesce(cast("tags"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("tags"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tags"."updated_at") || '"', 'null') || '}') as "body"
from "tags"
where "tags"."tenant_id" = $2
and "tags"."id" = $3
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
