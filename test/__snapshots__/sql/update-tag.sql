select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "tags"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless(not exists (
select from tags
where tenant_id = $1
and key = tag_key($2)
and id <> $3), $4::json) as "allowed";

update "tags"
set "name" = $1, "color" = $2
where "tenant_id" = $3
and "id" = $4;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "tags"."version", ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"version":' || coalesce(cast("tags"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("tags"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tags"."updated_at") || '"', 'null') || '}') as "body"
from "tags"
where "tags"."tenant_id" = $2
and "tags"."id" = $3
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
