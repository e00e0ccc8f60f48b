-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- tasks.assignees_json is kept as tags_json is: by triggers on the assignees, while a member who gets another name marks
-- the tenant in stale_tags_json, whose tasks then show both texts made anew until refresh_tags_json() has been there.

-- One assignee in it.
create function assignee_json(id uuid, name text, role text, assigned_at timestamptz) returns text
language sql stable parallel safe
return '{"id":"' || id || '","name":' || to_json(name) || ',"role":"' || role
  || '","assigned_at":"' || rfc3339(assigned_at) || '"}';
revoke execute on function assignee_json(uuid, text, text, timestamptz) from public;
grant execute on function assignee_json(uuid, text, text, timestamptz) to onetrip_app, onetrip_refresher;

-- What assignees_json has to say: the owner first, then by name.
create function assignees_json_of(tenant uuid, task uuid) returns text
language sql stable parallel safe
begin atomic
  select '[' || coalesce(
    string_agg(
      assignee_json(members.id, members.name, assignees.role, assignees.assigned_at), ','
      order by assignees.role <> 'owner', members.name, members.id), '') || ']'
  from assignees join members on members.id = assignees.member_id
  where members.tenant_id = $1 and assignees.tenant_id = $1 and assignees.task_id = $2;
end;
revoke execute on function assignees_json_of(uuid, uuid) from public;
grant execute on function assignees_json_of(uuid, uuid) to onetrip_app, onetrip_refresher;

grant select, update (changed_xid) on members to onetrip_refresher;
create policy refresher on members to onetrip_refresher using (true);

-- Writes assignees_json of these tasks, whose assignees have changed, which also counts in their version. The locks and
-- their order are those of write_tags_json(). Who inserts a task with its assignees writes the text, and locks the members,
-- already.
create function write_assignees_json(tenant uuid, assigned uuid[]) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  unwritten uuid[];
begin
  select array_agg(id) into unwritten from tasks
  where tenant_id = tenant and id = any (assigned)
    and (changed_xid <> pg_current_xact_id() or assignees_json <> assignees_json_of(tenant, id));
  if unwritten is null then
    return;
  end if;
  perform from tasks where tenant_id = tenant and id = any (unwritten) order by id for no key update;
  perform from members
  where tenant_id = tenant
    and id = any (array(select member_id from assignees where tenant_id = tenant and task_id = any (unwritten)))
  order by id for share;
  update tasks set assignees_json = assignees_json_of(tenant, id), changed_xid = pg_current_xact_id()
  where tenant_id = tenant and id = any (unwritten);
end
$$;
revoke execute on function write_assignees_json(uuid, uuid[]) from public;
grant execute on function write_assignees_json(uuid, uuid[]) to onetrip_refresher;

-- SECURITY DEFINER because a cascade runs it as the owner of the table, whom row-level security shows no rows, and because
-- the Worker's role has no right to the marks. The tenant comes from the row.
create function touch_assigned_tasks() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  changed record;
begin
  if tg_op = 'DELETE' then
    for changed in
      select o.tenant_id, array_agg(distinct o.task_id) filter (where m.id is not null) as tasks,
        bool_or(m.id is null) as member_is_gone
      from old_rows as o left join members as m on m.tenant_id = o.tenant_id and m.id = o.member_id
      group by o.tenant_id
    loop
      if changed.member_is_gone then
        perform mark_tags_json_stale(changed.tenant_id);
      end if;
      if changed.tasks is not null then
        perform write_assignees_json(changed.tenant_id, changed.tasks);
      end if;
    end loop;
  else
    for changed in select tenant_id, array_agg(distinct task_id) as tasks from new_rows group by tenant_id loop
      perform write_assignees_json(changed.tenant_id, changed.tasks);
    end loop;
  end if;
  return null;
end
$$;
revoke execute on function touch_assigned_tasks() from public;

-- The JSON of the tasks of a member shows the name. SECURITY DEFINER as above; the tenant is the row's.
create function mark_renamed_member() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from assignees where tenant_id = new.tenant_id and member_id = new.id) then
    perform mark_tags_json_stale(new.tenant_id);
  end if;
  return null;
end
$$;
revoke execute on function mark_renamed_member() from public;

-- Keeps tasks.comment_count. SECURITY DEFINER because the scheduled purge, which deletes comments too, may change no tasks;
-- the tenant comes from the row.
create function count_comments() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  changed record;
begin
  if tg_op = 'DELETE' then
    for changed in select tenant_id, task_id, count(*)::integer as n from old_rows group by 1, 2 order by 1, 2 loop
      update tasks set comment_count = comment_count - changed.n where tenant_id = changed.tenant_id and id = changed.task_id;
    end loop;
  else
    for changed in select tenant_id, task_id, count(*)::integer as n from new_rows group by 1, 2 order by 1, 2 loop
      update tasks set comment_count = comment_count + changed.n where tenant_id = changed.tenant_id and id = changed.task_id;
    end loop;
  end if;
  return null;
end
$$;
revoke execute on function count_comments() from public;

-- A task's version counts its set of blockers too. A blocker that is itself purged changes no task's version: what cascades
-- run as the owner of the table, whom row-level security shows no tasks.
create function touch_blocked_tasks() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  changed record;
begin
  -- Row by row, each by its key: cascades delete none or one at a time, and a join might look through all tasks for it.
  if tg_op = 'INSERT' then
    for changed in select distinct tenant_id, task_id from new_rows loop
      update tasks set has_blockers = true, changed_xid = pg_current_xact_id()
      where tenant_id = changed.tenant_id and id = changed.task_id;
    end loop;
  else
    for changed in select distinct tenant_id, task_id, blocker_id from old_rows loop
      continue when not exists (select from tasks where tenant_id = changed.tenant_id and id = changed.blocker_id);
      update tasks
      set changed_xid = pg_current_xact_id(), has_blockers = exists (
        select from dependencies where tenant_id = changed.tenant_id and task_id = changed.task_id)
      where tenant_id = changed.tenant_id and id = changed.task_id;
    end loop;
  end if;
  return null;
end
$$;
revoke execute on function touch_blocked_tasks() from public;

-- A row that connects two others keeps them; changed, it would escape the log and the texts on tasks.
create function refuse_other_ends() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  raise exception using errcode = 'feature_not_supported', message = 'what a row connects cannot be changed';
end
$$;
revoke execute on function refuse_other_ends() from public;

create trigger refuse_change before update of tenant_id, task_id, member_id on assignees
for each statement execute function refuse_other_ends();
-- Who is assigned again in the same role: no change, which neither the log nor the version of the task may count.
create trigger skip_same before update on assignees
for each row execute function suppress_redundant_updates_trigger();
create trigger audit_insert after insert on assignees referencing new table as new_rows
for each statement execute function write_audit_log('assignee', 'task_id');
create trigger audit_update after update on assignees referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('assignee', 'task_id');
create trigger audit_delete after delete on assignees referencing old table as old_rows
for each statement execute function write_audit_log('assignee', 'task_id');
create trigger touch_insert after insert on assignees referencing new table as new_rows
for each statement execute function touch_assigned_tasks();
create trigger touch_update after update on assignees referencing new table as new_rows
for each statement execute function touch_assigned_tasks();
create trigger touch_delete after delete on assignees referencing old table as old_rows
for each statement execute function touch_assigned_tasks();

create trigger assignees_json after update on members
for each row when (old.name is distinct from new.name) execute function mark_renamed_member();

create trigger refuse_change before update on dependencies
for each statement execute function refuse_other_ends();
create trigger audit_insert after insert on dependencies referencing new table as new_rows
for each statement execute function write_audit_log('dependency', 'task_id');
create trigger audit_delete after delete on dependencies referencing old table as old_rows
for each statement execute function write_audit_log('dependency', 'task_id');
create trigger touch_insert after insert on dependencies referencing new table as new_rows
for each statement execute function touch_blocked_tasks();
create trigger touch_delete after delete on dependencies referencing old table as old_rows
for each statement execute function touch_blocked_tasks();

create trigger stamp before update on comments
for each row execute function stamp_version('comment');
create trigger audit_insert after insert on comments referencing new table as new_rows
for each statement execute function write_audit_log('comment', 'id');
create trigger audit_update after update on comments referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('comment', 'id');
create trigger audit_delete after delete on comments referencing old table as old_rows
for each statement execute function write_audit_log('comment', 'id');
create trigger count_insert after insert on comments referencing new table as new_rows
for each statement execute function count_comments();
create trigger count_delete after delete on comments referencing old table as old_rows
for each statement execute function count_comments();

-- After the triggers, because only who may execute a function makes one of it.
grant create on schema public to onetrip_refresher;
alter function touch_assigned_tasks() owner to onetrip_refresher;
alter function mark_renamed_member() owner to onetrip_refresher;
alter function count_comments() owner to onetrip_refresher;
revoke create on schema public from onetrip_refresher;

-- As before, for assignees_json too.
-- Only its owner may replace a function.
grant onetrip_refresher to current_user with inherit true, set true;
create or replace function refresh_tags_json(tasks_at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant uuid;
  looked_to uuid;
  remaining integer := tasks_at_most;
  looked_at_count integer;
  next_to uuid;
  stale uuid[];
  held uuid[];
begin
  while remaining > 0 loop
    -- Each tenant once in a step: those that have waited longest first.
    select tenant_id, coalesce(refreshed_to, '00000000-0000-0000-0000-000000000000') into tenant, looked_to
    from stale_tags_json where looked_at < now() order by looked_at, tenant_id limit 1 for update skip locked;
    if not found then
      return exists (select from stale_tags_json);
    end if;
    select count(*), max(id::text)::uuid, array_agg(id) filter (
      where tags_json <> tags_json_of(tenant, id) or assignees_json <> assignees_json_of(tenant, id))
    into looked_at_count, next_to, stale
    from (select id, tags_json, assignees_json from tasks where tenant_id = tenant and id > looked_to order by id limit remaining) as next_tasks;
    -- Locked before they are read again: who is tagging one of them would be overwritten otherwise.
    held := array(
      select id from tasks where tenant_id = tenant and id = any (stale) order by id for no key update skip locked);
    update tasks set tags_json = tags_json_of(tenant, id), assignees_json = assignees_json_of(tenant, id)
    where tenant_id = tenant and id = any (held);
    if cardinality(held) < coalesce(cardinality(stale), 0) then
      -- The last task before the first that was left.
      select max(id::text)::uuid into next_to from tasks
      where tenant_id = tenant and id > looked_to
        and id < (select min(id::text)::uuid from unnest(stale) as id where id <> all (held));
      update stale_tags_json set refreshed_to = coalesce(next_to, refreshed_to), looked_at = clock_timestamp()
      where tenant_id = tenant;
    elsif looked_at_count < remaining then
      delete from stale_tags_json where tenant_id = tenant;
    else
      update stale_tags_json set refreshed_to = next_to, looked_at = clock_timestamp() where tenant_id = tenant;
    end if;
    remaining := remaining - greatest(looked_at_count, 1);
  end loop;
  return true;
end
$$;
grant onetrip_refresher to current_user with inherit false, set true;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Only its owner may replace a function.
grant onetrip_refresher to current_user with inherit true, set true;
create or replace function refresh_tags_json(tasks_at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant uuid;
  looked_to uuid;
  remaining integer := tasks_at_most;
  looked_at_count integer;
  next_to uuid;
  stale uuid[];
  held uuid[];
begin
  while remaining > 0 loop
    -- Each tenant once in a step: those that have waited longest first.
    select tenant_id, coalesce(refreshed_to, '00000000-0000-0000-0000-000000000000') into tenant, looked_to
    from stale_tags_json where looked_at < now() order by looked_at, tenant_id limit 1 for update skip locked;
    if not found then
      return exists (select from stale_tags_json);
    end if;
    select count(*), max(id::text)::uuid, array_agg(id) filter (where tags_json <> tags_json_of(tenant, id))
    into looked_at_count, next_to, stale
    from (select id, tags_json from tasks where tenant_id = tenant and id > looked_to order by id limit remaining) as next_tasks;
    -- Locked before they are read again: who is tagging one of them would be overwritten otherwise.
    held := array(
      select id from tasks where tenant_id = tenant and id = any (stale) order by id for no key update skip locked);
    update tasks set tags_json = tags_json_of(tenant, id) where tenant_id = tenant and id = any (held);
    if cardinality(held) < coalesce(cardinality(stale), 0) then
      -- The last task before the first that was left.
      select max(id::text)::uuid into next_to from tasks
      where tenant_id = tenant and id > looked_to
        and id < (select min(id::text)::uuid from unnest(stale) as id where id <> all (held));
      update stale_tags_json set refreshed_to = coalesce(next_to, refreshed_to), looked_at = clock_timestamp()
      where tenant_id = tenant;
    elsif looked_at_count < remaining then
      delete from stale_tags_json where tenant_id = tenant;
    else
      update stale_tags_json set refreshed_to = next_to, looked_at = clock_timestamp() where tenant_id = tenant;
    end if;
    remaining := remaining - greatest(looked_at_count, 1);
  end loop;
  return true;
end
$$;
grant onetrip_refresher to current_user with inherit false, set true;

drop trigger count_delete on comments;
drop trigger count_insert on comments;
drop trigger audit_delete on comments;
drop trigger audit_update on comments;
drop trigger audit_insert on comments;
drop trigger stamp on comments;
drop trigger touch_delete on dependencies;
drop trigger touch_insert on dependencies;
drop trigger audit_delete on dependencies;
drop trigger audit_insert on dependencies;
drop trigger refuse_change on dependencies;
drop trigger assignees_json on members;
drop trigger touch_delete on assignees;
drop trigger touch_update on assignees;
drop trigger touch_insert on assignees;
drop trigger audit_delete on assignees;
drop trigger audit_update on assignees;
drop trigger audit_insert on assignees;
drop trigger skip_same on assignees;
drop trigger refuse_change on assignees;
drop function refuse_other_ends;
drop function touch_blocked_tasks;
drop function count_comments;
drop function mark_renamed_member;
drop function touch_assigned_tasks;
drop function write_assignees_json;
drop policy refresher on members;
revoke all on members from onetrip_refresher;
drop function assignees_json_of;
drop function assignee_json;
