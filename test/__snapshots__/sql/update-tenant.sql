select set_platform_context($1, $2);

select raise_unless((select true
from tenants
where id = $1 for no key update), $2::json) as "allowed";

select raise_unless((select status <> 'deleting'
from tenants
where id = $1), $2::json) as "allowed";

update "tenants"
set "name" = $1
where "id" = $2;

with "query" as materialized (select null::integer as "version", json_build_object('id', "tenants"."id", 'name', "tenants"."name", 'status', "tenants"."status", 'created_at', rfc3339("tenants"."created_at"), 'updated_at', rfc3339("tenants"."updated_at")) as "body"
from "tenants"
where "tenants"."id" = $1), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $2::json)::text else "body"::text end as "body"
from "query")
select "etag", "body"
from "representation";
