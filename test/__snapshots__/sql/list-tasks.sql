select set_tenant_context($1, $2, $3, $4);

select "etag", case when array['*', etag] && $1::text[] then null else representation.body end as "body", "nextCursor"
from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, $2::json)::text else "body" end as "body", next_cursor as "nextCursor"
from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor"
from (
with sorted as materialized ((select "tasks".*, "tasks"."due_on" as "sort_0", "tasks"."priority" as "sort_1", "tasks"."id" as "sort_2"
from "tasks"
where "tasks"."tenant_id" = $4
and "tasks"."deleted_at" is null
and tasks.status = any($5::text[])
and tasks.priority >= $6::integer
and tasks.project_id = $7
and tasks.parent_id is null
and tasks.due_on > $8::date
and tasks.due_on < $9::date
and (tasks.due_on < current_date
and tasks.status not in ('completed', 'cancelled'))
and tasks.id = any(array(select search_tasks($10)))
and tasks.id = any(array(select tasks_with_metadata($11::jsonb)))
and tasks.id = any(array(
select task_id
from task_tags
where tenant_id = $12
and tag_id = any(array(select id
from tags
where tenant_id = $13
and key = any(array(select distinct tag_key(name) as key
from unnest($14::text[]) as given (name))))) group by task_id having count(*) = (select count(*)
from (select distinct tag_key(name) as key
from unnest($15::text[]) as given (name)) as wanted)))
and tasks.id in (select unnest(array(
select dependencies.task_id
from dependencies
where dependencies.tenant_id = $16
and (
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $17
and blocker.id = dependencies.blocker_id))))
order by "tasks"."due_on" asc nulls last, "tasks"."priority" desc, "tasks"."id" asc
limit $18::integer + 1))
select (select string_agg(item, ',')
from (
select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, $19::json)::text else item end as item
from ((select (coalesce(tasks.own_json, task_own_json($20, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $21)) then tags_json_of($22, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case when (select exists (select
from stale_tags_json
where tenant_id = $23)) then assignees_json_of($24, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
select bool_or((
select blocker.status in ('pending', 'in_progress')
and blocker.deleted_at is null
from tasks as blocker
where blocker.tenant_id = $25
and blocker.id = dependencies.blocker_id))
from dependencies
where dependencies.tenant_id = $26
and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item"
from (select *
from sorted
limit $27) as "tasks"
offset 0)) as built) as items) as items, counted.n > $28::integer as has_more, case when counted.n > $29::integer then (
select make_cursor(concat($30::text, $31::text), json_build_array("sort_0"::text, "sort_1"::text, "sort_2"::text))
from (select *
from sorted
offset $32::integer - 1
limit 1) as last) end as next_cursor
from (select count(*) as n
from sorted) as counted ) as "page"
offset 0) as "query"
offset 0) as "representation";
