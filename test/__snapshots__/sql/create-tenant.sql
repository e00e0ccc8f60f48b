select set_platform_context($1, $2);

insert into "tenants" ("id", "name")
values ($1, $2);

with "query" as materialized (select null::integer as "version", json_build_object('id', "tenants"."id", 'name', "tenants"."name", 'status', "tenants"."status", 'created_at', rfc3339("tenants"."created_at"), 'updated_at', rfc3339("tenants"."updated_at")) as "body"
from "tenants"
where "tenants"."id" = $1), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $2::json)::text else "body"::text end as "body"
from "query")
select "etag", "body"
from "representation";
