select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "members"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((
select subject is null or subject is not distinct
from $1::text
from members
where tenant_id = $2
and id = $3), $4::json) as "allowed";

update "members"
set "name" = $1, "email" = $2, "status" = $3, "subject" = $4
where "tenant_id" = $5
and "id" = $6;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "members"."version", ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"subject":' || coalesce(to_json("members"."subject")::text, 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"email":' || coalesce(to_json("members"."email")::text, 'null') || ',"status":' || coalesce('"' || "members"."status" || '"', 'null') || ',"version":' || coalesce(cast("members"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("members"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("members"."updated_at") || '"', 'null') || '}') as "body"
from "members"
where "members"."tenant_id" = $2
and "members"."id" = $3
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
