-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- {member: [before, after]} of one row; what is kept for the database's own sake is left out.
create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(
    jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(after, before)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all ('{tenant_id,id,task_id,version,updated_at,changed_xid,search,key,trash_id}'::text[]);
end;

-- Writes the log, once per statement, whatever made the change: an endpoint, a cascade or SQL by hand.
-- TG_ARGV: the resource type, and the column that names the resource.
-- SECURITY DEFINER because the Worker's role may not insert here; the tenant comes from the row.
--
-- The time of an entry is the row's own, which stamp_version() keeps in order; taggings have none, and take the clock's.
create or replace function write_audit_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  who constant text := nullif(current_setting('app.actor', true), '');
  request constant text := nullif(current_setting('app.request_id', true), '');
  gone record;
begin
  if tg_op = 'INSERT' then
    insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
    select (i.after ->> 'tenant_id')::uuid, coalesce((i.after ->> 'updated_at')::timestamptz, clock_timestamp()),
      who, request, 'insert', kind, (i.after ->> id_column)::uuid, changed_members(null, i.after)
    from (select to_jsonb(n) as after from new_rows as n offset 0) as i;
  elsif tg_op = 'UPDATE' and kind = 'task' then
    -- Many tasks are trashed, restored and moved at once, so their long texts are not read to find that they are the same:
    -- a value that PostgreSQL stores apart has the number of where it is stored.
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
        changed_members(
          (select to_jsonb(b) from (select o.project_id, o.parent_id, o.title,
            case when not same.description then o.description end as description, o.status, o.priority, o.due_on, o.position,
            case when not same.metadata then o.metadata end as metadata, o.completed_at, o.created_by, o.created_at, o.deleted_at, o.deleted_by) as b),
          (select to_jsonb(a) from (select n.project_id, n.parent_id, n.title,
            case when not same.description then n.description end as description, n.status, n.priority, n.due_on, n.position,
            case when not same.metadata then n.metadata end as metadata, n.completed_at, n.created_by, n.created_at, n.deleted_at, n.deleted_by) as a)
        ) as changes
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
          -- Of a task that is purged, nothing is kept of its tags either.
          when kind = 'tagging' and not exists (
            select from tasks as t where t.tenant_id = gone.tenant_id and t.id = (d.before ->> id_column)::uuid
          ) then '{}'
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

create or replace function write_audit_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  who constant text := nullif(current_setting('app.actor', true), '');
  request constant text := nullif(current_setting('app.request_id', true), '');
begin
  if tg_op = 'INSERT' then
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select n.tenant_id, who, request, 'insert', kind, (to_jsonb(n) ->> id_column)::uuid,
      changed_members(null, to_jsonb(n))
    from new_rows as n;
  elsif tg_op = 'UPDATE' then
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select c.tenant_id, who, request,
      case
        when c.before ->> 'deleted_at' is null and c.after ->> 'deleted_at' is not null then 'trash'
        when c.before ->> 'deleted_at' is not null and c.after ->> 'deleted_at' is null then 'restore'
        else 'update'
      end,
      kind, c.id, c.changes
    from (
      select n.tenant_id, n.id, to_jsonb(o) as before, to_jsonb(n) as after,
        changed_members(to_jsonb(o), to_jsonb(n)) as changes
      from old_rows as o full join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
    ) as c
    where c.changes <> '{}';
  elsif kind in ('project', 'task') then
    -- A purge leaves no value behind, so those that earlier entries hold go too.
    update audit_log as l set changes = '{}'
    from old_rows as o
    where l.tenant_id = o.tenant_id and l.resource_id = (to_jsonb(o) ->> id_column)::uuid;
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select o.tenant_id, who, request, 'purge', kind, (to_jsonb(o) ->> id_column)::uuid, '{}'
    from old_rows as o
    where exists (select from tenants as t where t.id = o.tenant_id);
  else
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select o.tenant_id, who, request, 'delete', kind, (to_jsonb(o) ->> id_column)::uuid,
      -- Of a task that is purged, nothing is kept of its tags either.
      case when kind = 'tagging' and not exists (
        select from tasks as t where t.tenant_id = o.tenant_id and t.id = (to_jsonb(o) ->> id_column)::uuid
      ) then '{}' else changed_members(to_jsonb(o), null) end
    from old_rows as o
    where exists (select from tenants as t where t.id = o.tenant_id);
  end if;
  return null;
end
$$;

create or replace function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(before, after)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all (array['tenant_id', 'id', 'task_id', 'version', 'updated_at', 'changed_xid', 'search', 'key', 'trash_id']);
end;
