-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- As before, for members, API keys, assignees, dependencies and comments too.
create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(
    jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(after, before)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all ('{tenant_id,id,task_id,version,updated_at,changed_xid,search,key,trash_id,tags_json,own_json,assignees_json,comment_count,has_blockers,actor,secret_hash,assigned_at}'::text[]);
end;

-- As before, but that more of a task is kept for its readers, and that somebody who made or trashed a row can be purged.
create or replace function stamp_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  changed boolean := false;
  -- Whether something changes that no version counts, and the row that says so.
  uncounted boolean := false;
  kept record;
  same boolean;
begin
  -- Comparing two whole rows reads their long texts. What changes in many rows at once is looked at before.
  if kind = 'task' then
    changed := (new.deleted_at, new.project_id, new.position)
      is distinct from (old.deleted_at, old.project_id, old.position);
  elsif kind = 'project' then
    changed := new.deleted_at is distinct from old.deleted_at;
  elsif kind = 'tag' then
    -- Generated from the name, and not computed yet.
    new.key := old.key;
  end if;
  new.version := old.version;
  new.updated_at := old.updated_at;
  -- What trashed a row is no member of it. A purge of several batches changes it, and its If-Match holds for all of them.
  if kind in ('task', 'project') and not changed then
    if new.trash_id is distinct from old.trash_id then
      return new;
    end if;
  end if;
  -- What is kept on a row for its readers, and the name of somebody who has been purged, are set apart while the rest is
  -- compared.
  if kind = 'task' then
    new.own_json := old.own_json;
    uncounted := old.own_json is null
      or (new.tags_json, new.assignees_json, new.comment_count, new.has_blockers, new.created_by, new.deleted_by)
      is distinct from (old.tags_json, old.assignees_json, old.comment_count, old.has_blockers, old.created_by, old.deleted_by);
    if uncounted then
      kept := new;
      new.tags_json := old.tags_json;
      new.assignees_json := old.assignees_json;
      new.comment_count := old.comment_count;
      new.has_blockers := old.has_blockers;
      new.created_by := old.created_by;
      new.deleted_by := old.deleted_by;
    end if;
  elsif kind = 'project' then
    uncounted := (new.created_by, new.deleted_by) is distinct from (old.created_by, old.deleted_by);
    if uncounted then
      kept := new;
      new.created_by := old.created_by;
      new.deleted_by := old.deleted_by;
    end if;
  elsif kind = 'comment' then
    uncounted := (new.author_id, new.actor) is distinct from (old.author_id, old.actor);
    if uncounted then
      kept := new;
      new.author_id := old.author_id;
      new.actor := old.actor;
    end if;
  elsif kind = 'api_key' then
    uncounted := new.created_by is distinct from old.created_by;
    if uncounted then
      kept := new;
      new.created_by := old.created_by;
    end if;
  end if;
  same := not changed and new is not distinct from old;
  if uncounted then
    new := kept;
  end if;
  if same then
    return case when uncounted then new end;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

-- As before, for the new resources too. Whoever made or trashed a row gets no entry of being purged from it.
create or replace function write_audit_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  who constant text := nullif(current_setting('app.actor', true), '');
  request constant text := nullif(current_setting('app.request_id', true), '');
  -- Of what is deleted for good no value is kept, not in earlier entries either.
  erases constant boolean := kind in ('project', 'task', 'member', 'comment', 'api_key');
  gone record;
begin
  if tg_op = 'INSERT' and kind = 'tagging' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select tenant_id, clock_timestamp(), who, request, 'insert', kind, task_id,
      jsonb_build_object('tag_id', jsonb_build_array(null, tag_id))
    from new_rows;
  elsif tg_op = 'INSERT' and kind = 'assignee' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select tenant_id, clock_timestamp(), who, request, 'insert', kind, task_id,
      jsonb_build_object('member_id', jsonb_build_array(null, member_id), 'role', jsonb_build_array(null, role))
    from new_rows;
  elsif tg_op = 'INSERT' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select (i.after ->> 'tenant_id')::uuid, coalesce((i.after ->> 'updated_at')::timestamptz, clock_timestamp()),
      who, request, 'insert', kind, (i.after ->> id_column)::uuid, changed_members(null, i.after)
    from (select to_jsonb(n) as after from new_rows as n offset 0) as i;
  elsif tg_op = 'UPDATE' and kind = 'task' then
    -- Many tasks are trashed, restored and moved at once, so members are compared one by one, and their long texts are not
    -- read to find that they are the same: a value that PostgreSQL stores apart has the number of where it is stored.
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select u.tenant_id, u.updated_at, who, request,
      case
        when u.was_live and not u.is_live then 'trash'
        when u.is_live and not u.was_live then 'restore'
        else 'update'
      end,
      kind, u.id, u.changes
    from (
      select n.tenant_id, n.id, n.updated_at, o.deleted_at is null as was_live, n.deleted_at is null as is_live,
        case when o.project_id is distinct from n.project_id then jsonb_build_object('project_id', jsonb_build_array(o.project_id, n.project_id)) else '{}' end
        || case when o.parent_id is distinct from n.parent_id then jsonb_build_object('parent_id', jsonb_build_array(o.parent_id, n.parent_id)) else '{}' end
        || case when o.title is distinct from n.title then jsonb_build_object('title', jsonb_build_array(o.title, n.title)) else '{}' end
        || case when not same.description then jsonb_build_object('description', jsonb_build_array(o.description, n.description)) else '{}' end
        || case when o.status is distinct from n.status then jsonb_build_object('status', jsonb_build_array(o.status, n.status)) else '{}' end
        || case when o.priority is distinct from n.priority then jsonb_build_object('priority', jsonb_build_array(o.priority, n.priority)) else '{}' end
        || case when o.due_on is distinct from n.due_on then jsonb_build_object('due_on', jsonb_build_array(o.due_on, n.due_on)) else '{}' end
        || case when o.position is distinct from n.position then jsonb_build_object('position', jsonb_build_array(o.position, n.position)) else '{}' end
        || case when not same.metadata then jsonb_build_object('metadata', jsonb_build_array(o.metadata, n.metadata)) else '{}' end
        || case when o.completed_at is distinct from n.completed_at then jsonb_build_object('completed_at', jsonb_build_array(rfc3339(o.completed_at), rfc3339(n.completed_at))) else '{}' end
        || case when o.created_at is distinct from n.created_at then jsonb_build_object('created_at', jsonb_build_array(rfc3339(o.created_at), rfc3339(n.created_at))) else '{}' end
        || case when o.deleted_at is distinct from n.deleted_at then jsonb_build_object('deleted_at', jsonb_build_array(rfc3339(o.deleted_at), rfc3339(n.deleted_at))) else '{}' end
        || case when o.deleted_at is distinct from n.deleted_at and o.deleted_by is distinct from n.deleted_by then jsonb_build_object('deleted_by', jsonb_build_array(o.deleted_by, n.deleted_by)) else '{}' end as changes
      from old_rows as o full join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
      cross join lateral (
        select
          coalesce(pg_column_toast_chunk_id(o.description) = pg_column_toast_chunk_id(n.description),
            o.description is not distinct from n.description) as description,
          coalesce(pg_column_toast_chunk_id(o.metadata) = pg_column_toast_chunk_id(n.metadata),
            o.metadata is not distinct from n.metadata) as metadata
        offset 0
      ) as same
      offset 0
    ) as u
    where u.changes <> '{}';
  elsif tg_op = 'UPDATE' and kind = 'assignee' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select n.tenant_id, clock_timestamp(), who, request, 'update', kind, n.task_id,
      jsonb_build_object('member_id', jsonb_build_array(n.member_id, n.member_id), 'role', jsonb_build_array(o.role, n.role))
    from old_rows as o full join new_rows as n
      on n.tenant_id = o.tenant_id and n.task_id = o.task_id and n.member_id = o.member_id
    where o.role <> n.role;
  elsif tg_op = 'UPDATE' then
    -- A full join cannot be a nested loop, as which PostgreSQL would plan the join for the few rows of its first call and
    -- keep it. OFFSET 0 has each value computed once.
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select u.tenant_id, u.updated_at, who, request,
      case
        when u.before ->> 'deleted_at' is null and u.after ->> 'deleted_at' is not null then 'trash'
        when u.before ->> 'deleted_at' is not null and u.after ->> 'deleted_at' is null then 'restore'
        else 'update'
      end,
      kind, u.id, u.changes
    from (
      -- Who made a row changes only where that person is purged, and who trashed it not by itself otherwise.
      select b.*, changed_members(b.before, b.after) - '{created_by,author_id}'::text[]
        - case when b.before -> 'deleted_at' is distinct from b.after -> 'deleted_at' then '{}' else '{deleted_by}' end::text[] as changes
      from (
        select n.tenant_id, n.id, n.updated_at, to_jsonb(o) as before, to_jsonb(n) as after
        from old_rows as o full join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
        offset 0
      ) as b
      offset 0
    ) as u
    where u.changes <> '{}';
  elsif tg_op = 'DELETE' and kind = 'tagging' then
    -- Cascades delete row by row, mostly none.
    for gone in select distinct tenant_id from old_rows loop
      -- The log of a tenant goes with it.
      continue when not exists (select from tenants where id = gone.tenant_id and status <> 'deleting');
      insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
      select gone.tenant_id, clock_timestamp(), who, request, 'delete', kind, o.task_id,
        -- Of a task that is purged, nothing is kept of its tags either. A scalar subquery, which PostgreSQL looks up row by row:
        -- a join it may plan for many taggings, and then read all tasks of the tenant for each single one.
        case
          when (select id from tasks where tenant_id = gone.tenant_id and id = o.task_id) is null then '{}'
          else jsonb_build_object('tag_id', jsonb_build_array(o.tag_id, null))
        end
      from old_rows as o where o.tenant_id = gone.tenant_id;
    end loop;
  else
    -- Cascades delete row by row, mostly none.
    for gone in
      select (d.before ->> 'tenant_id')::uuid as tenant_id, array_agg((d.before ->> id_column)::uuid) as ids
      from (select to_jsonb(o) as before from old_rows as o offset 0) as d
      group by 1
    loop
      -- The log of a tenant goes with it.
      continue when not exists (select from tenants where id = gone.tenant_id and status <> 'deleting');
      if erases then
        update audit_log as l set changes = '{}'
        where l.tenant_id = gone.tenant_id and l.resource_id = any (gone.ids) and l.changes <> '{}';
      end if;
      insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
      select gone.tenant_id,
        greatest(clock_timestamp(), (d.before ->> 'updated_at')::timestamptz + interval '1 millisecond'),
        who, request, case when kind in ('project', 'task', 'member') then 'purge' else 'delete' end, kind,
        (d.before ->> id_column)::uuid,
        case
          when erases then '{}'
          -- Of a task that is purged, nothing is kept of what was on it either.
          when kind in ('assignee', 'dependency') and (
            select id from tasks where tenant_id = gone.tenant_id and id = (d.before ->> id_column)::uuid) is null then '{}'
          else changed_members(d.before, null)
        end
      from (select to_jsonb(o) as before from old_rows as o where o.tenant_id = gone.tenant_id offset 0) as d;
    end loop;
  end if;
  return null;
end
$$;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(
    jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(after, before)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all ('{tenant_id,id,task_id,version,updated_at,changed_xid,search,key,trash_id,tags_json,own_json}'::text[]);
end;

create or replace function stamp_version() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  changed boolean := false;
  tags text;
begin
  -- Comparing two whole rows reads their long texts. What changes in many rows at once is looked at before.
  if kind = 'task' then
    changed := (new.deleted_at, new.project_id, new.position)
      is distinct from (old.deleted_at, old.project_id, old.position);
  elsif kind = 'project' then
    changed := new.deleted_at is distinct from old.deleted_at;
  elsif kind = 'tag' then
    -- Generated from the name, and not computed yet.
    new.key := old.key;
  end if;
  new.version := old.version;
  new.updated_at := old.updated_at;
  -- What trashed a row is no member of it. A purge of several batches changes it, and its If-Match holds for all of them.
  if kind in ('task', 'project') and not changed then
    if new.trash_id is distinct from old.trash_id then
      return new;
    end if;
  end if;
  if kind = 'task' then
    new.own_json := old.own_json;
    if new.tags_json is distinct from old.tags_json or old.own_json is null then
      tags := new.tags_json;
      new.tags_json := old.tags_json;
    end if;
  end if;
  if not changed and new is not distinct from old then
    if tags is null then
      return null;
    end if;
    new.tags_json := tags;
    return new;
  end if;
  if tags is not null then
    new.tags_json := tags;
  end if;
  -- What refers to a row, the audit log among it, knows it by these.
  if (new.tenant_id, new.id) is distinct from (old.tenant_id, old.id) then
    raise exception using errcode = 'feature_not_supported', message = 'a row keeps its id and tenant';
  end if;
  new.version := case when old.changed_xid = pg_current_xact_id() then old.version else old.version + 1 end;
  new.changed_xid := pg_current_xact_id();
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

create or replace function write_audit_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  who constant text := nullif(current_setting('app.actor', true), '');
  request constant text := nullif(current_setting('app.request_id', true), '');
  gone record;
begin
  if tg_op = 'INSERT' and kind = 'tagging' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select tenant_id, clock_timestamp(), who, request, 'insert', kind, task_id,
      jsonb_build_object('tag_id', jsonb_build_array(null, tag_id))
    from new_rows;
  elsif tg_op = 'INSERT' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select (i.after ->> 'tenant_id')::uuid, coalesce((i.after ->> 'updated_at')::timestamptz, clock_timestamp()),
      who, request, 'insert', kind, (i.after ->> id_column)::uuid, changed_members(null, i.after)
    from (select to_jsonb(n) as after from new_rows as n offset 0) as i;
  elsif tg_op = 'UPDATE' and kind = 'task' then
    -- Many tasks are trashed, restored and moved at once, so members are compared one by one, and their long texts are not
    -- read to find that they are the same: a value that PostgreSQL stores apart has the number of where it is stored.
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select u.tenant_id, u.updated_at, who, request,
      case
        when u.was_live and not u.is_live then 'trash'
        when u.is_live and not u.was_live then 'restore'
        else 'update'
      end,
      kind, u.id, u.changes
    from (
      select n.tenant_id, n.id, n.updated_at, o.deleted_at is null as was_live, n.deleted_at is null as is_live,
        case when o.project_id is distinct from n.project_id then jsonb_build_object('project_id', jsonb_build_array(o.project_id, n.project_id)) else '{}' end
        || case when o.parent_id is distinct from n.parent_id then jsonb_build_object('parent_id', jsonb_build_array(o.parent_id, n.parent_id)) else '{}' end
        || case when o.title is distinct from n.title then jsonb_build_object('title', jsonb_build_array(o.title, n.title)) else '{}' end
        || case when not same.description then jsonb_build_object('description', jsonb_build_array(o.description, n.description)) else '{}' end
        || case when o.status is distinct from n.status then jsonb_build_object('status', jsonb_build_array(o.status, n.status)) else '{}' end
        || case when o.priority is distinct from n.priority then jsonb_build_object('priority', jsonb_build_array(o.priority, n.priority)) else '{}' end
        || case when o.due_on is distinct from n.due_on then jsonb_build_object('due_on', jsonb_build_array(o.due_on, n.due_on)) else '{}' end
        || case when o.position is distinct from n.position then jsonb_build_object('position', jsonb_build_array(o.position, n.position)) else '{}' end
        || case when not same.metadata then jsonb_build_object('metadata', jsonb_build_array(o.metadata, n.metadata)) else '{}' end
        || case when o.completed_at is distinct from n.completed_at then jsonb_build_object('completed_at', jsonb_build_array(rfc3339(o.completed_at), rfc3339(n.completed_at))) else '{}' end
        || case when o.created_by is distinct from n.created_by then jsonb_build_object('created_by', jsonb_build_array(o.created_by, n.created_by)) else '{}' end
        || case when o.created_at is distinct from n.created_at then jsonb_build_object('created_at', jsonb_build_array(rfc3339(o.created_at), rfc3339(n.created_at))) else '{}' end
        || case when o.deleted_at is distinct from n.deleted_at then jsonb_build_object('deleted_at', jsonb_build_array(rfc3339(o.deleted_at), rfc3339(n.deleted_at))) else '{}' end
        || case when o.deleted_by is distinct from n.deleted_by then jsonb_build_object('deleted_by', jsonb_build_array(o.deleted_by, n.deleted_by)) else '{}' end as changes
      from old_rows as o full join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
      cross join lateral (
        select
          coalesce(pg_column_toast_chunk_id(o.description) = pg_column_toast_chunk_id(n.description),
            o.description is not distinct from n.description) as description,
          coalesce(pg_column_toast_chunk_id(o.metadata) = pg_column_toast_chunk_id(n.metadata),
            o.metadata is not distinct from n.metadata) as metadata
        offset 0
      ) as same
      offset 0
    ) as u
    where u.changes <> '{}';
  elsif tg_op = 'UPDATE' then
    -- A full join cannot be a nested loop, as which PostgreSQL would plan the join for the few rows of its first call and
    -- keep it. OFFSET 0 has each value computed once.
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select u.tenant_id, u.updated_at, who, request,
      case
        when u.before ->> 'deleted_at' is null and u.after ->> 'deleted_at' is not null then 'trash'
        when u.before ->> 'deleted_at' is not null and u.after ->> 'deleted_at' is null then 'restore'
        else 'update'
      end,
      kind, u.id, u.changes
    from (
      select b.*, changed_members(b.before, b.after) as changes
      from (
        select n.tenant_id, n.id, n.updated_at, to_jsonb(o) as before, to_jsonb(n) as after
        from old_rows as o full join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
        offset 0
      ) as b
      offset 0
    ) as u
    where u.changes <> '{}';
  elsif tg_op = 'DELETE' and kind = 'tagging' then
    -- Cascades delete row by row, mostly none.
    for gone in select distinct tenant_id from old_rows loop
      -- The log of a tenant goes with it.
      continue when not exists (select from tenants where id = gone.tenant_id and status <> 'deleting');
      insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
      select gone.tenant_id, clock_timestamp(), who, request, 'delete', kind, o.task_id,
        -- Of a task that is purged, nothing is kept of its tags either. A scalar subquery, which PostgreSQL looks up row by row:
        -- a join it may plan for many taggings, and then read all tasks of the tenant for each single one.
        case
          when (select id from tasks where tenant_id = gone.tenant_id and id = o.task_id) is null then '{}'
          else jsonb_build_object('tag_id', jsonb_build_array(o.tag_id, null))
        end
      from old_rows as o where o.tenant_id = gone.tenant_id;
    end loop;
  else
    -- Cascades delete row by row, mostly none.
    for gone in
      select (d.before ->> 'tenant_id')::uuid as tenant_id, array_agg((d.before ->> id_column)::uuid) as ids
      from (select to_jsonb(o) as before from old_rows as o offset 0) as d
      group by 1
    loop
      -- The log of a tenant goes with it.
      continue when not exists (select from tenants where id = gone.tenant_id and status <> 'deleting');
      if kind in ('project', 'task') then
        -- A purge leaves no value behind, so those that earlier entries hold go too.
        update audit_log as l set changes = '{}'
        where l.tenant_id = gone.tenant_id and l.resource_id = any (gone.ids) and l.changes <> '{}';
      end if;
      insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
      select gone.tenant_id,
        greatest(clock_timestamp(), (d.before ->> 'updated_at')::timestamptz + interval '1 millisecond'),
        who, request, case when kind in ('project', 'task') then 'purge' else 'delete' end, kind,
        (d.before ->> id_column)::uuid,
        case
          when kind in ('project', 'task') then '{}'
          else changed_members(d.before, null)
        end
      from (select to_jsonb(o) as before from old_rows as o where o.tenant_id = gone.tenant_id offset 0) as d;
    end loop;
  end if;
  return null;
end
$$;
