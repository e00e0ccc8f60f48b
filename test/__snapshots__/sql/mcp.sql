select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select null::integer as "version", ('{"subject":' || coalesce(to_json(case when $3::boolean then nullif(current_setting('app.actor'), '') end)::text, 'null') || ',"role":' || coalesce('"' || current_setting('app.caller_role') || '"', 'null') || ',"tenant":') || coalesce(('{"id":' || coalesce('"' || "tenants"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tenants"."name")::text, 'null') || '}'), 'null') || (',"member":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"subject":' || coalesce(to_json("members"."subject")::text, 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"email":' || coalesce(to_json("members"."email")::text, 'null') || ',"status":' || coalesce('"' || "members"."status" || '"', 'null') || ',"version":' || coalesce(cast("members"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("members"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("members"."updated_at") || '"', 'null') || '}')
from members
where members.tenant_id = $4
and members.id = current_member()), 'null') || (',"credential":' || coalesce('"' || $5 || '"', 'null') || '}') as "body"
from "tenants"
where "tenants"."id" = $6
offset 0) as "query"
offset 0) as "representation";
