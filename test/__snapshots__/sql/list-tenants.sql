select set_platform_context($1, $2);

with "query" as materialized (select null::integer as "version", json_build_object('data', data, 'page', json_build_object( 'limit', $1::integer, 'has_more', has_more, 'next_cursor', next_cursor)) as "body", "page"."next_cursor"
from (
select coalesce(json_agg(item
order by n) filter (where n <= $2::integer), '[]') as data, count(*) > $3::integer as has_more, case when count(*) > $4::integer then make_cursor($5::text, coalesce((array_agg(sort_values
order by n))[$6::integer], '[]')) end as next_cursor
from (
select "n", "sort_values", case when sum(octet_length(item::text)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text::json else item end as item
from ((select "n", "sort_values", case when n <= $8::integer then json_build_object('id', "tenants"."id", 'name', "tenants"."name", 'status', "tenants"."status", 'created_at', rfc3339("tenants"."created_at"), 'updated_at', rfc3339("tenants"."updated_at")) end as "item"
from (select row_number() over () as n, *
from ((select "tenants".*, json_build_array("tenants"."created_at"::text, "tenants"."id"::text) as "sort_values"
from "tenants"
order by "tenants"."created_at" desc, "tenants"."id" desc
limit $9)) as sorted) as "tenants"
offset 0)) as built) as shown ) as "page"), "representation" as materialized (select etag_of(version, body::text) as "etag", case when octet_length("body"::text) > 8388608 then raise_unless(false, $10::json)::text else "body"::text end as "body"
from "query")
select "etag", case when array['*', etag] && $11::text[] then null else representation.body end as "body", next_cursor as "nextCursor"
from "representation", "query";
