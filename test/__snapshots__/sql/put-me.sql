select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless(current_setting('app.actor') <> '', $1::json) as "allowed";

insert into "members" ("name", "email", "id", "tenant_id", "subject")
values ($1, $2, $3, $4, current_setting('app.actor'))
on conflict ("tenant_id", "subject") do
update set "name" = "excluded"."name", "email" = "excluded"."email";

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "members"."version", ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"subject":' || coalesce(to_json("members"."subject")::text, 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"email":' || coalesce(to_json("members"."email")::text, 'null') || ',"status":' || coalesce('"' || "members"."status" || '"', 'null') || ',"version":' || coalesce(cast("members"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("members"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("members"."updated_at") || '"', 'null') || '}') as "body"
from "members"
where "members"."tenant_id" = $2
and members.subject = current_setting('app.actor')
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
