-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Written by `npm run generate`: queries of src/db/queries, kept as functions, so that their plans are kept as well.
create function changes_after_0913b8f5(tenant uuid, page_limit integer, types text[], cluster text, since text, xid text, entry text, above text, unit text, cursor_context text, if_none_match text[]) returns table ("etag" text, "body" text, "nextCursor" text)
language sql stable rows 1 set plan_cache_mode = force_generic_plan set enable_bitmapscan = off
begin atomic
select "etag", case when array['*', etag] && $11::text[] then null else representation.body end as "body", "nextCursor" from (select etag_of(version, body) as "etag", case when octet_length("body") > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?limit.","errors":[{"pointer":"?limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else "body" end as "body", next_cursor as "nextCursor" from (select null::integer as "version", case when page.is_kept then ('{"data":[') || coalesce(page.items, '') || ('],"page":') || coalesce(('{"limit":' || coalesce(cast($2::integer as text), 'null') || ',"has_more":' || coalesce(cast(page.has_more as text), 'null') || ',"next_cursor":' || coalesce('"' || page.next_cursor || '"', 'null') || '}'), 'null') || ('}')
          else raise_unless(false, '{"code":"gone","detail":"What came after this cursor is not kept any longer: start again without a cursor.","errors":[{"pointer":"?cursor","code":"expired","message":"is older than what is kept"}]}'::json)::text end as "body", case when page.has_more then page.next_cursor end as "next_cursor" from (
        with 
    matching as materialized (
      select log.* from (
    select audit_log.* from audit_log where audit_log.tenant_id = $1
    and audit_log.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
    and (audit_log.xid, audit_log.id) >= ($6::xid8, $7::uuid)
    order by audit_log.xid, audit_log.id limit 10000) as log
      where (case
    when log.resource_type in ('tagging', 'assignee', 'dependency') then 'task' else log.resource_type end = any ($3::text[]) and not case when log.resource_type = 'tagging' and log.action = 'delete' then (
      select tasks.changed_xid from tasks
      where tasks.tenant_id = $1 and tasks.id = log.resource_id) is distinct from log.xid
    and (
      select true from audit_log as deleted
      where deleted.tenant_id = $1 and deleted.resource_id = (log.changes #>> '{tag_id,0}')::uuid
      and deleted.resource_type = 'tag' and deleted.action = 'delete' and deleted.xid = log.xid
      limit 1) is not null
    else false end) or (
    log.resource_type = 'task' and log.action in ('trash', 'restore') and 'comment' = any ($3::text[]))
      order by log.xid, log.id limit $2::integer + 2),
    units as materialized (
      select log.xid, log.id as entry_id, part.above, part.unit_id, part.type, part.resource_id, log.at, log.actor
      from matching as log
      cross join lateral (
        select case
    when log.resource_type in ('tagging', 'assignee', 'dependency') then 'task' else log.resource_type end as type, log.resource_id, '-infinity'::timestamptz as above, '00000000-0000-0000-0000-000000000000'::uuid as unit_id
        where (case
    when log.resource_type in ('tagging', 'assignee', 'dependency') then 'task' else log.resource_type end = any ($3::text[]) and not case when log.resource_type = 'tagging' and log.action = 'delete' then (
      select tasks.changed_xid from tasks
      where tasks.tenant_id = $1 and tasks.id = log.resource_id) is distinct from log.xid
    and (
      select true from audit_log as deleted
      where deleted.tenant_id = $1 and deleted.resource_id = (log.changes #>> '{tag_id,0}')::uuid
      and deleted.resource_type = 'tag' and deleted.action = 'delete' and deleted.xid = log.xid
      limit 1) is not null
    else false end)
        union all (
          select 'comment' as type, comments.id, comments.created_at, comments.id from comments
          where comments.tenant_id = $1 and (
    log.resource_type = 'task' and log.action in ('trash', 'restore') and 'comment' = any ($3::text[])) and comments.task_id = log.resource_id
          and (comments.created_at, comments.id) > (
            case when (log.xid, log.id) = ($6::xid8, $7::uuid) then $8::timestamptz else '-infinity' end,
            case when (log.xid, log.id) = ($6::xid8, $7::uuid) then $9::uuid else '00000000-0000-0000-0000-000000000000' end)
          order by comments.created_at, comments.id limit $2::integer + 1)) as part
      where (log.xid, log.id, part.above, part.unit_id)
        > ($6::xid8, $7::uuid, $8::timestamptz, $9::uuid)
      order by xid, entry_id, above, unit_id limit $2::integer + 1),
    looked_at as (
      select xid, id, n
      from (
    select audit_log.xid, audit_log.id, row_number() over (order by audit_log.xid, audit_log.id) as n from audit_log where audit_log.tenant_id = $1
    and audit_log.xid < (select pg_snapshot_xmin(pg_current_snapshot()))
    and (audit_log.xid, audit_log.id) >= ($6::xid8, $7::uuid)
    order by audit_log.xid, audit_log.id limit 10000) as log
      order by n desc limit 1)
        select (select string_agg(item, ',') from (
    select case when sum(octet_length(item)) over (rows unbounded preceding) > 8388608 then raise_unless(false, '{"code":"unprocessable","detail":"The answer would exceed 8 MiB; lower ?limit.","errors":[{"pointer":"?limit","code":"answer_too_large","message":"makes the answer exceed 8 MiB"}]}'::json)::text else item end as item
    from ((select ('{"type":' || coalesce('"' || change.type || '"', 'null') || ',"id":' || coalesce('"' || change.resource_id || '"', 'null') || ',"action":' || coalesce('"' || case when change.version is null then 'delete' else 'upsert' end || '"', 'null') || ',"version":' || coalesce(cast(change.version as text), 'null') || ',"at":' || coalesce('"' || rfc3339(change.at) || '"', 'null') || ',"actor":' || coalesce(to_json(change.actor)::text, 'null') || ',"resource":') || coalesce(change.body, 'null') || ('}') as "item" from (
    select shown.*, found.version, found.body
    from (
    select type, resource_id, at, actor
    from (
      select distinct on (type, resource_id) *
      from (select * from units order by xid, entry_id, above, unit_id limit $2::integer) as page
      order by type, resource_id, xid desc, entry_id desc, above desc, unit_id desc) as last
    order by xid, entry_id, above, unit_id) as shown left join lateral (
      select "projects".version, ('{"id":' || coalesce('"' || "projects"."id" || '"', 'null') || ',"name":' || coalesce(to_json("projects"."name")::text, 'null') || ',"description":' || coalesce(to_json("projects"."description")::text, 'null') || ',"status":' || coalesce('"' || "projects"."status" || '"', 'null') || ',"metadata":' || coalesce(cast("projects"."metadata" as text), 'null') || ',"version":' || coalesce(cast("projects"."version" as text), 'null') || ',"created_by":' || coalesce(to_json("projects"."created_by")::text, 'null') || ',"created_at":' || coalesce('"' || rfc3339("projects"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("projects"."updated_at") || '"', 'null') || '}') as body from projects where projects.tenant_id = $1 and projects.deleted_at is null
      and shown.type = 'project' and "projects".id = shown.resource_id union all 
      select "tags".version, ('{"id":' || coalesce('"' || "tags"."id" || '"', 'null') || ',"name":' || coalesce(to_json("tags"."name")::text, 'null') || ',"color":' || coalesce('"' || "tags"."color" || '"', 'null') || ',"version":' || coalesce(cast("tags"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("tags"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("tags"."updated_at") || '"', 'null') || '}') as body from tags where tags.tenant_id = $1
      and shown.type = 'tag' and "tags".id = shown.resource_id union all 
      select "members".version, ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"subject":' || coalesce(to_json("members"."subject")::text, 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || ',"email":' || coalesce(to_json("members"."email")::text, 'null') || ',"status":' || coalesce('"' || "members"."status" || '"', 'null') || ',"version":' || coalesce(cast("members"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("members"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("members"."updated_at") || '"', 'null') || '}') as body from members where members.tenant_id = $1
      and shown.type = 'member' and "members".id = shown.resource_id union all 
      select "tasks".version, (coalesce(tasks.own_json, task_own_json($1, tasks.id)) || ',"description":' || coalesce(to_json("tasks"."description")::text, 'null') || ',"metadata":' || coalesce(cast("tasks"."metadata" as text), 'null') || ',"tags":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then tags_json_of($1, tasks.id) else tasks.tags_json end, 'null') || ',"assignees":' || coalesce(case
    when (select exists (select from stale_tags_json where tenant_id = $1)) then assignees_json_of($1, tasks.id) else tasks.assignees_json end, 'null') || '}') as body from tasks where tasks.tenant_id = $1 and tasks.deleted_at is null
      and shown.type = 'task' and "tasks".id = shown.resource_id union all 
      select "comments".version, ('{"id":' || coalesce('"' || "comments"."id" || '"', 'null') || ',"task_id":' || coalesce('"' || "comments"."task_id" || '"', 'null') || ',"author":') || coalesce((
    select ('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}') from members where members.tenant_id = $1 and members.id = comments.author_id), 'null') || (',"actor":' || coalesce(to_json("comments"."actor")::text, 'null') || ',"body":' || coalesce(to_json("comments"."body")::text, 'null') || ',"mentions":[') || coalesce((
    select string_agg(('{"id":' || coalesce('"' || "members"."id" || '"', 'null') || ',"name":' || coalesce(to_json("members"."name")::text, 'null') || '}'), ',' order by mentioned.n)
    from comment_mentions as mentioned join members on members.id = mentioned.member_id
    where mentioned.tenant_id = $1 and members.tenant_id = $1 and mentioned.comment_id = comments.id), '') || ('],"version":' || coalesce(cast("comments"."version" as text), 'null') || ',"created_at":' || coalesce('"' || rfc3339("comments"."created_at") || '"', 'null') || ',"updated_at":' || coalesce('"' || rfc3339("comments"."updated_at") || '"', 'null') || ',"edited_at":' || coalesce('"' || rfc3339("comments"."edited_at") || '"', 'null') || '}') as body from comments where comments.tenant_id = $1 and (
    select tasks.deleted_at is null from tasks
    where tasks.tenant_id = $1 and tasks.id = comments.task_id)
      and shown.type = 'comment' and "comments".id = shown.resource_id) as found on true) as "change" offset 0)) as built) as items) as items,
          case when (select count(*) from units) > $2::integer then true else not coalesce((select n from looked_at), 0) < 10000 end as has_more, make_cursor($10::text, case when (select count(*) from units) > $2::integer
      then (select json_build_array('log', (select system_identifier::text from pg_control_system()), (greatest($5::date, at::date))::text, (xid)::text, (entry_id)::text, (above)::text, (unit_id)::text) from (select * from units order by xid, entry_id, above, unit_id offset $2::integer - 1 limit 1) as last)
      else json_build_array('log', (select system_identifier::text from pg_control_system()), (case when coalesce((select n from looked_at), 0) < 10000 then current_date else $5::date end)::text, (coalesce((select xid from looked_at), $6::xid8))::text, (coalesce((select id from looked_at), $7::uuid))::text, ('infinity'::timestamptz)::text, ('ffffffff-ffff-ffff-ffff-ffffffffffff')::text) end) as next_cursor,
          $6::text is null or (
    (select system_identifier::text from pg_control_system()) = $4::text and $5::date >= current_date - 90
    and ($7::uuid = '00000000-0000-0000-0000-000000000000' or (
      select audit_log.xid = $6::xid8 from audit_log
      where audit_log.tenant_id = $1 and audit_log.id = $7::uuid) is true)) as is_kept) as "page" offset 0) as "query" offset 0) as "representation";
end;
revoke execute on function changes_after_0913b8f5(uuid, integer, text[], text, text, text, text, text, text, text, text[]) from public;
grant execute on function changes_after_0913b8f5(uuid, integer, text[], text, text, text, text, text, text, text, text[]) to onetrip_app;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function changes_after_0913b8f5(uuid, integer, text[], text, text, text, text, text, text, text, text[]);
