select current_setting('app.webhooks') as webhooks
from set_tenant_context($1, $2, $3, $4);

select raise_unless((
select true
from tasks
where tenant_id = $1
and deleted_at is null
and id = (select task_id
from comments
where tenant_id = $2
and id = $3) for no key update), $4::json) as "allowed";

select raise_unless(found.id is not null, $1::json) as "exists", raise_unless($2::integer[] is null or found.version = any($3::integer[]), json_build_object( 'code', 'precondition_failed', 'detail', 'The resource has another version than If-Match expects.', 'members', json_build_object('current_version', found.version))) as "version_matches"
from (
select locked.id, locked.version
from (select) as one
left join lateral (
select id, version
from "comments"
where tenant_id = $4
and id = $5 for no key
update ) as locked on true ) as "found";

select raise_unless((
select current_setting('app.caller_role') = 'admin' or author_id = current_member() or (author_id is null
and actor = nullif(current_setting('app.actor'), ''))
from comments
where tenant_id = $1
and id = $2), $3::json) as "allowed";

select count(*)::integer as "count"
from (
select id
from members
where tenant_id = $1
and id = any(array_append($2::uuid[], current_member()))
order by id for key share) as "locked";

select raise_unless(not exists (
select from unnest($1::uuid[]) as mentioned (id)
where not exists (select
from members
where members.tenant_id = $2
and members.id = mentioned.id)
and not exists (
select from comments
where comments.tenant_id = $3
and comments.id = $4
and strpos(lower(comments.body), '@[' || mentioned.id || ']') > 0)), $5::json) as "allowed";

update "comments"
set "body" = $1, "edited_at" = clock_timestamp()
where "tenant_id" = $2
and "id" = $3
and "body" <> $4;

delete
from "comment_mentions"
where "tenant_id" = $1
and "comment_id" = $2;

insert into "comment_mentions" ("tenant_id", "comment_id", "member_id", "n")
select members.tenant_id, $1::uuid, members.id, mentioned.n
from unnest($2::uuid[])
with ordinality as mentioned (id, n) join members on members.tenant_id = $3
and members.id = mentioned.id;

with "representation" as materialized (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $1::json)::text else "body" end as "body"
from (select "comments"."version", ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}')
from members
where members.tenant_id = $2
and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ','
order by mentioned.n)
from comment_mentions as mentioned join members on members.id = mentioned.member_id
where mentioned.tenant_id = $3
and members.tenant_id = $4
and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}') as "body"
from "comments"
where "comments"."tenant_id" = $5
and (
select tasks.deleted_at is null
from tasks
where tasks.tenant_id = $6
and tasks.id = comments.task_id)
and "comments"."id" = $7
offset 0) as "query"
offset 0)
select "etag", "body"
from "representation";
