select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "projects"
where tenant_id = $4
and id = $5
and deleted_at is null for no key
update ) as locked on true ) as "found";

select raise_unless((
select octet_length(merge_patch("projects"."metadata", $1::jsonb)::text) <= 16384
from "projects"
where tenant_id = $2
and id = $3), $4::json) as "allowed";

update "projects"
set "name" = $1, "metadata" = merge_patch("projects"."metadata", $2::jsonb)
where "tenant_id" = $3
and "id" = $4;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "projects"."version", ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast((select count(*)::integer as "task_count"
from "tasks"
where "tasks"."tenant_id" = $2
and "tasks"."project_id" = "projects"."id"
and "tasks"."deleted_at" is null) as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || '}') as "body"
from "projects"
where "projects"."tenant_id" = $3
and "projects"."id" = $4
and "projects"."deleted_at" is null
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
