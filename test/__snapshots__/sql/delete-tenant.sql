select set_platform_context($1, $2);

select refuse_unless_served($1::uuid, $2::json) as "allowed";

select raise_unless((select true
from tenants
where id = $1 for no key update), $2::json) as "allowed";

select raise_unless((select status = 'suspended'
from tenants
where id = $1), $2::json) as "allowed";

update "tenants"
set "status" = $1
where "id" = $2;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select null::integer as "version", ('{"id":' || coalesce('"' || "tenants"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tenants"."name")::text, 'null') || ',"status":' || coalesce('"' || "tenants"."status" || '"', 'null') || ',"created_at":' || coalesce('"' || rfc3339("tenants"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tenants"."updated_at") || '"', 'null') || '}') as "body"
from "tenants"
where "tenants"."id" = $2
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
