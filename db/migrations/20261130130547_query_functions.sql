-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Written by `npm run generate`: queries of src/db/queries, kept as functions, so that their plans are kept as well.
create function get_project_f9fb8997(tenant uuid, id uuid, task_limit integer, if_none_match text[]) returns table ("etag" text, "body" text)
language sql stable rows 1 set plan_cache_mode = force_generic_plan set enable_bitmapscan = off
begin atomic
select "etag", case when array['*', etag] && $4::text[] then null else representation.body end as "body" from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?task_limit.","errors":[{"pointer":"?task_limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else "body" end as "body" from (select "projects"."version", ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast(first.task_count as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || ',"tasks":[') || coalesce(first.items, '') || ('],"tasks_page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(first.task_count > $3::integer as text), 'null') || ',"next_cursor":' || coalesce('"' || first.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body" from "projects" inner join lateral (
    select (select string_agg(item, ',') from (
    select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?task_limit.","errors":[{"pointer":"?task_limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else item end as item
    from ((select (coalesce(tasks.own_json, task_own_json($1, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then tags_json_of($1, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then assignees_json_of($1, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
    select bool_or((
      select blocker.status in ('pending', 'in_progress') and blocker.deleted_at is null
      from tasks as blocker where blocker.tenant_id = $1 and blocker.id = dependencies.blocker_id))
    from dependencies where dependencies.tenant_id = $1 and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null order by "tasks"."position", "tasks"."id" limit $3 offset 0)) as built) as items) as items, counted.task_count,
      case when counted.task_count > $3::integer
        then make_cursor(
          concat($1::uuid, e'\nproject-tasks\n'::text, projects.id, e'\n\nposition'::text),
          case when $3::integer = 0 then '[]'::json else (select json_build_array(position::text, id::text) from ((select "tasks"."position", "tasks"."id" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null order by "tasks"."position", "tasks"."id" limit 1 offset $3::integer - 1)) as last) end)
      end as next_cursor
    from ((select count(*)::integer as "task_count" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null)) as counted
  ) as "first" on true where "projects"."tenant_id" = $1 and "projects"."deleted_at" is null and "projects"."id" = $2 offset 0) as "query" offset 0) as "representation";
end;
revoke execute on function get_project_f9fb8997(uuid, uuid, integer, text[]) from public;
grant execute on function get_project_f9fb8997(uuid, uuid, integer, text[]) to onetrip_app;

create function first_projects_4f8500bd(tenant uuid, page_limit integer, task_limit integer, if_none_match text[]) returns table ("etag" text, "body" text, "nextCursor" text)
language sql stable rows 1 set plan_cache_mode = force_generic_plan set enable_bitmapscan = off
begin atomic
select "etag", case when array['*', etag] && $4::text[] then null else representation.body end as "body", "nextCursor" from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?task_limit.","errors":[{"pointer":"?task_limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else "body" end as "body", next_cursor as "nextCursor" from (select null::integer as "version", ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($2::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "body", "page"."next_cursor" from (
    with sorted as materialized ((select "projects".*, "projects"."created_at" as "sort_0", "projects"."id" as "sort_1" from "projects" where "projects"."tenant_id" = $1 and "projects"."deleted_at" is null order by "projects"."created_at" desc, "projects"."id" desc limit $2::integer + 1))
    select
      (select string_agg(item, ',') from (
    select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?task_limit.","errors":[{"pointer":"?task_limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else item end as item
    from ((select ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"task_count":' || coalesce(cast(first.task_count as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || ',"tasks":[') || coalesce(first.items, '') || ('],"tasks_page":') || coalesce(('{"limit":' || coalesce(cast($3::integer as text), 'null') || ',"has_more":' || coalesce(cast(first.task_count > $3::integer as text), 'null') || ',"next_cursor":' || coalesce('"' || first.next_cursor || '"', 'null') || '}'), 'null') || ('}') as "item" from (select * from sorted limit $2) as "projects" inner join lateral (
    select (select string_agg(item, ',') from (
    select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?task_limit.","errors":[{"pointer":"?task_limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else item end as item
    from ((select (coalesce(tasks.own_json, task_own_json($1, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then tags_json_of($1, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then assignees_json_of($1, tasks.id) else tasks.assignees_json end, 'null') || ',"is_blocked":' || coalesce(cast(case when tasks.has_blockers then coalesce((
    select bool_or((
      select blocker.status in ('pending', 'in_progress') and blocker.deleted_at is null
      from tasks as blocker where blocker.tenant_id = $1 and blocker.id = dependencies.blocker_id))
    from dependencies where dependencies.tenant_id = $1 and dependencies.task_id = tasks.id), false) else false end as text), 'null') || ',"comment_count":' || coalesce(cast("tasks"."comment_count" as text), 'null') || '}') as "item" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null order by "tasks"."position", "tasks"."id" limit $3 offset 0)) as built) as items) as items, counted.task_count,
      case when counted.task_count > $3::integer
        then make_cursor(
          concat($1::uuid, e'\nproject-tasks\n'::text, projects.id, e'\n\nposition'::text),
          case when $3::integer = 0 then '[]'::json else (select json_build_array(position::text, id::text) from ((select "tasks"."position", "tasks"."id" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null order by "tasks"."position", "tasks"."id" limit 1 offset $3::integer - 1)) as last) end)
      end as next_cursor
    from ((select count(*)::integer as "task_count" from "tasks" where "tasks"."tenant_id" = $1 and "tasks"."project_id" = "projects"."id" and "tasks"."deleted_at" is null)) as counted
  ) as "first" on true offset 0)) as built) as items) as items,
      counted.n > $2::integer as has_more,
      case when counted.n > $2::integer
        then (
          select make_cursor(concat($1::text, e'\nprojects\n\n\n-created_at'::text), json_build_array("sort_0"::text, "sort_1"::text))
          from (select * from sorted offset $2::integer - 1 limit 1) as last)
      end as next_cursor
    from (select count(*) as n from sorted) as counted
  ) as "page" offset 0) as "query" offset 0) as "representation";
end;
revoke execute on function first_projects_4f8500bd(uuid, integer, integer, text[]) from public;
grant execute on function first_projects_4f8500bd(uuid, integer, integer, text[]) to onetrip_app;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function get_project_f9fb8997(uuid, uuid, integer, text[]);
drop function first_projects_4f8500bd(uuid, integer, integer, text[]);
