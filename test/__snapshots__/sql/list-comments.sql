select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || ',"total":' || coalesce(cast(((select count(*) as "total"
from "comments"
where "comments"."tenant_id" = $4
and (
select tasks.deleted_at is null
from tasks
where tasks.tenant_id = $5
and tasks.id = comments.task_id)
and "comments"."created_at" > $6::timestamptz
and comments.author_id = $7::uuid
and comments.id = any(array(
select comment_id
from comment_mentions
where tenant_id = $8
and member_id = $9::uuid))
and comments.id = any(array(select search_comments($10))))) as text), 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "comments".*, "comments"."created_at" as "sort_0", "comments"."id" as "sort_1"
from "comments"
where "comments"."tenant_id" = $11
and (
select tasks.deleted_at is null
from tasks
where tasks.tenant_id = $12
and tasks.id = comments.task_id)
and "comments"."created_at" > $13::timestamptz
and comments.author_id = $14::uuid
and comments.id = any(array(
select comment_id
from comment_mentions
where tenant_id = $15
and member_id = $16::uuid))
and comments.id = any(array(select search_comments($17)))
order by "comments"."created_at" desc, "comments"."id" desc
limit $18::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text else item end as item
from ((select ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $20
and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ','
order by mentioned.n)
from comment_mentions as mentioned join members on members.id = mentioned.member_id
where mentioned.tenant_id = $21
and members.tenant_id = $22
and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}') as "item"
from (select *
from sorted
limit $23) as "comments"
offset 0)) as built) as items) as items, counted.n > $24::integer as has_more, case when counted.n > $25::integer then (
select make_cursor(concat($26::text, $27::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $28::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
