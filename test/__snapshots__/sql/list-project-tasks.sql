select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "tasks".*, "tasks"."position" as "sort_0", "tasks"."id" as "sort_1"
from "tasks"
where "tasks"."tenant_id" = $4
and "tasks"."deleted_at" is null
and "tasks"."project_id" = $5
order by "tasks"."position" asc, "tasks"."id" asc
limit $6::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $7::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($8, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $9)) then tags_json_of($10, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $11)) then assignees_json_of($12, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $13
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $14
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item"
from (select *
from sorted
limit $15) as "tasks"
offset 0)) as built) as items) as items, counted.n > $16::integer as has_more, case when counted.n > $17::integer then (
select make_cursor(concat($18::text, $19::text), json_build_array("sort_0"::text, "sort_1"::text))
from (select *
from sorted
offset $20::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
where exists (
select from "projects"
where tenant_id = $21
and id = $22
and deleted_at is null)
offset 0) as "query"
offset 0) as "representation";
