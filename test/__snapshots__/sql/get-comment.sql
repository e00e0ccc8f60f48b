select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body"
from (select "comments"."version", ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $3
and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ','
order by mentioned.n)
from comment_mentions as mentioned join members on members.id = mentioned.member_id
where mentioned.tenant_id = $4
and members.tenant_id = $5
and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}') as "body"
from "comments"
where "comments"."tenant_id" = $6
and (
select tasks.deleted_at is null
from tasks
where tasks.tenant_id = $7
and tasks.id = comments.task_id)
and "comments"."id" = $8
offset 0) as "query"
offset 0) as "representation";
