select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "api_keys"
where "api_keys"."tenant_id" = $4
and case when api_keys.revoked_at is not null then 'revoked' when api_keys.expires_at <= now() then 'expired' else 'active' end = $5)) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "api_keys".*, "api_keys"."created_at" as "sort_0", "api_keys"."id" as "sort_1"
from "api_keys"
where "api_keys"."tenant_id" = $6
and case when api_keys.revoked_at is not null then 'revoked' when api_keys.expires_at <= now() then 'expired' else 'active' end = $7
order by "api_keys"."created_at" desc, "api_keys"."id" desc
limit $8::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $9::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "api_keys"."id" || '"', 'null') || ',"name":' || coalesce(to_json("api_keys"."name")::text, 'null') || ',"role":' || coalesce('"' || "api_keys"."role" || '"', 'null') || ',"member_id":' || coalesce('"' || "api_keys"."member_id" || '"', 'null') || ',"status":' || coalesce('"' || case when api_keys.revoked_at is not null then 'revoked' when api_keys.expires_at <= now() then 'expired' else 'active' end || '"', 'null') || ',"expires_at":' || coalesce('"' || rfc3339("api_keys"."expires_at") || '"', 'null') || ',"created_at":' || coalesce('"' || rfc3339("api_keys"."created_at") || '"', 'null') || ',"created_by":' || coalesce(to_json("api_keys"."created_by")::text, 'null') || ',"revoked_at":' || coalesce('"' || rfc3339("api_keys"."revoked_at") || '"', 'null') || '}') as "item"
from (select *
from sorted
limit $10) as "api_keys"
offset 0)) as built) as items) as items, counted.n > $11::integer as has_more, case when counted.n > $12::integer then (
select make_cursor(concat($13::text, $14::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $15::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
