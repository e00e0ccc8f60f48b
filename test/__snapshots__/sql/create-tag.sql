select set_tenant_context($1, $2, $3);

insert into "tags" ("id", "name", "color", "tenant_id")
values ($1, $2, $3, $4);

with "query" as materialized (select "tags"."version", json_build_object('id', "tags"."id", 'name', "tags"."name", 'color', "tags"."color", 'version', "tags"."version", 'created_at', rfc3339("tags"."created_at"), 'updated_at', rfc3339("tags"."updated_at")) as "body"
from "tags"
where "tags"."tenant_id" = $1
and "tags"."id" = $2), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $3::json)::text else "body"::text end as "body"
from "query")
select "etag", "body"
from "representation";
