select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select null::integer as "version", ('{"id":' || coalesce('"' || "tenants"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tenants"."name")::text, 'null') || ',"status":' || coalesce('"' || "tenants"."status" || '"', 'null') || ',"created_at":' || coalesce('"' || rfc3339("tenants"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tenants"."updated_at") || '"', 'null') || '}') as "body"
from "tenants"
where "tenants"."id" = $3
offset 0) as "query"
offset 0) as "representation";
