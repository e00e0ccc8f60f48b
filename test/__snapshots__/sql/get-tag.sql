select enter_tenant($1, $2, $3);

with "source" as materialized (select "tags"."version", json_build_object('id', "tags"."id", 'name', "tags"."name", 'color', "tags"."color", 'version', "tags"."version", 'created_at', rfc3339("tags"."created_at"), 'updated_at', rfc3339("tags"."updated_at")) as "body"
from "tags"
where "tags"."tenant_id" = $1
and "tags"."id" = $2), "answer" as materialized (select etag_of(version, body::text) as "etag", within_limit(body::text, $3) as "body"
from "source")
select "etag", case when array['*', etag] && $4::text[] then null else answer.body end as "body"
from "answer";
