select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless( least(date_trunc('milliseconds', $1::timestamptz), timestamptz '9999-12-31 23:59:59.999+00') > now(), $2::json) as "allowed";

select raise_unless((
select status = 'active'
from members
where tenant_id = $1
and id = $2 for share), $3::json) as "allowed";

insert into "api_keys" ("id", "name", "role", "expires_at", "member_id", "tenant_id", "secret_hash")
values ($1, $2, $3, least(date_trunc('milliseconds', $4::timestamptz), timestamptz '9999-12-31 23:59:59.999+00'), $5, $6, decode($7, 'hex'));

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select null::integer as "version", ('{"id":' || coalesce('"' || "api_keys"."id" || '"', 'null') || ',"name":' || coalesce(to_json("api_keys"."name")::text, 'null') || ',"role":' || coalesce('"' || "api_keys"."role" || '"', 'null') || ',"member_id":' || coalesce('"' || "api_keys"."member_id" || '"', 'null') || ',"status":' || coalesce('"' || case when api_keys.revoked_at is not null then 'revoked' when api_keys.expires_at <= now() then 'expired' else 'active' end || '"', 'null') || ',"expires_at":' || coalesce('"' || rfc3339("api_keys"."expires_at") || '"', 'null') || ',"created_at":' || coalesce('"' || rfc3339("api_keys"."created_at") || '"', 'null') || ',"created_by":' || coalesce(to_json("api_keys"."created_by")::text, 'null') || ',"revoked_at":' || coalesce('"' || rfc3339("api_keys"."revoked_at") || '"', 'null') || ',"key":' || coalesce(cast(null as text), 'null') || '}') as "body"
from "api_keys"
where "api_keys"."tenant_id" = $2
and "api_keys"."id" = $3
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
