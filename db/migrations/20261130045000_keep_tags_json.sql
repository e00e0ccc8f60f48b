-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Makes the text of all tasks of a tenant count as stale. A tenant that is being deleted shows no tasks any more.
create function mark_tags_json_stale(tenant uuid) returns void
language sql volatile
begin atomic
  insert into stale_tags_json (tenant_id)
  select id from tenants where id = $1 and status <> 'deleting'
  on conflict (tenant_id) do update set refreshed_to = null;
end;
revoke execute on function mark_tags_json_stale(uuid) from public;
grant execute on function mark_tags_json_stale(uuid) to onetrip_refresher;

-- Writes tags_json of these tasks, whose tags have changed, which also counts in their version. First it locks the tasks,
-- so that of two that tag one task the second sees what the first did; then their tags, so that a name that is being
-- changed is waited for, and none is changed before the old one is committed with its task: whoever changes it then
-- marks that task, among others, as stale. Who inserts a task with its tags writes the text, and locks the tags, already.
create function write_tags_json(tenant uuid, tagged uuid[]) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  unwritten uuid[];
begin
  select array_agg(id) into unwritten from tasks
  where tenant_id = tenant and id = any (tagged)
    and (changed_xid <> pg_current_xact_id() or tags_json <> tags_json_of(tenant, id));
  if unwritten is null then
    return;
  end if;
  perform from tasks where tenant_id = tenant and id = any (unwritten) order by id for no key update;
  perform from tags
  where tenant_id = tenant
    and id = any (array(select tag_id from task_tags where tenant_id = tenant and task_id = any (unwritten)))
  order by key for share;
  update tasks set tags_json = tags_json_of(tenant, id), changed_xid = pg_current_xact_id()
  where tenant_id = tenant and id = any (unwritten);
end
$$;
revoke execute on function write_tags_json(uuid, uuid[]) from public;
grant execute on function write_tags_json(uuid, uuid[]) to onetrip_refresher;

-- A task's version counts its set of tags too. A tag that is itself deleted changes no task's version.
--
-- SECURITY DEFINER because a cascade runs it as the owner of the table, whom row-level security shows no rows, and because
-- the Worker's role has no right to the marks. The tenant comes from the row.
create or replace function touch_tagged_tasks() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  changed record;
begin
  if tg_op = 'INSERT' then
    for changed in select tenant_id, array_agg(distinct task_id) as tasks from new_rows group by tenant_id loop
      perform write_tags_json(changed.tenant_id, changed.tasks);
    end loop;
  else
    for changed in
      select o.tenant_id, array_agg(distinct o.task_id) filter (where g.id is not null) as tasks,
        bool_or(g.id is null) as tag_is_gone
      from old_rows as o left join tags as g on g.tenant_id = o.tenant_id and g.id = o.tag_id
      group by o.tenant_id
    loop
      if changed.tag_is_gone then
        perform mark_tags_json_stale(changed.tenant_id);
      end if;
      if changed.tasks is not null then
        perform write_tags_json(changed.tenant_id, changed.tasks);
      end if;
    end loop;
  end if;
  return null;
end
$$;

-- The JSON of the tasks with a tag shows its name and colour. SECURITY DEFINER as above; the tenant is the row's.
create function mark_renamed_tag() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from task_tags where tenant_id = new.tenant_id and tag_id = new.id) then
    perform mark_tags_json_stale(new.tenant_id);
  end if;
  return null;
end
$$;
revoke execute on function mark_renamed_tag() from public;

create trigger tags_json after update on tags
for each row when (old.name is distinct from new.name or old.color is distinct from new.color)
execute function mark_renamed_tag();

-- The next step of bringing tags_json up to date, for the scheduled function: looks at so many tasks of one tenant that
-- is marked. True while there may be more to do. SECURITY DEFINER because it works for all tenants, whose tasks no role
-- that somebody logs in with may see; its owner's policies let it see them, and it writes this one column.
--
-- The mark is locked meanwhile: a tag that is renamed in the middle of it is marked again afterwards, from the start.
create function refresh_tags_json(tasks_at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant uuid;
  looked_to uuid;
  stale uuid[];
begin
  select tenant_id, coalesce(refreshed_to, '00000000-0000-0000-0000-000000000000') into tenant, looked_to
  from stale_tags_json order by tenant_id limit 1 for update skip locked;
  if not found then
    return false;
  end if;
  select max(id::text)::uuid, array_agg(id) filter (where tags_json <> tags_json_of(tenant, id))
  into looked_to, stale
  from (
    select id, tags_json from tasks where tenant_id = tenant and id > looked_to order by id limit tasks_at_most
  ) as next_tasks;
  if looked_to is null then
    delete from stale_tags_json where tenant_id = tenant;
    return true;
  end if;
  -- Locked before they are read again: who is tagging one of them would be overwritten otherwise.
  perform from tasks where tenant_id = tenant and id = any (stale) order by id for no key update;
  update tasks set tags_json = tags_json_of(tenant, id) where tenant_id = tenant and id = any (stale);
  update stale_tags_json set refreshed_to = looked_to where tenant_id = tenant;
  return true;
end
$$;
revoke execute on function refresh_tags_json(integer) from public;
grant execute on function refresh_tags_json(integer) to onetrip_janitor;

grant create on schema public to onetrip_refresher;
alter function touch_tagged_tasks() owner to onetrip_refresher;
alter function mark_renamed_tag() owner to onetrip_refresher;
alter function refresh_tags_json(integer) owner to onetrip_refresher;
revoke create on schema public from onetrip_refresher;
grant execute on function tags_json_of(uuid, uuid), tag_json(uuid, text, text) to onetrip_refresher;

-- The tasks that are there already have no text yet: every tenant's counts as stale, and is refreshed while the API runs.
create policy backfill on tenants for select to current_user using (true);
create policy backfill on stale_tags_json to current_user using (true) with check (true);
insert into stale_tags_json (tenant_id) select id from tenants where status <> 'deleting';
drop policy backfill on stale_tags_json;
drop policy backfill on tenants;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop trigger tags_json on tags;
drop function mark_renamed_tag;
drop function refresh_tags_json;
revoke all on function tags_json_of(uuid, uuid), tag_json(uuid, text, text) from onetrip_refresher;
-- Who migrates owns it again.
grant onetrip_refresher to current_user with inherit true, set true;
alter function touch_tagged_tasks() owner to current_user;
create or replace function touch_tagged_tasks() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    update tasks as t set changed_xid = pg_current_xact_id()
    from (select distinct tenant_id, task_id from new_rows) as n
    where t.tenant_id = n.tenant_id and t.id = n.task_id;
  else
    update tasks as t set changed_xid = pg_current_xact_id()
    from (
      select distinct o.tenant_id, o.task_id
      from old_rows as o join tags as g on g.tenant_id = o.tenant_id and g.id = o.tag_id
    ) as n
    where t.tenant_id = n.tenant_id and t.id = n.task_id;
  end if;
  return null;
end
$$;
drop function write_tags_json;
drop function mark_tags_json_stale;
