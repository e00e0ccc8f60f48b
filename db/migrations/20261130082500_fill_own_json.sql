-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- As before, but that it also fills own_json where it is null: the trigger of tasks writes that with every UPDATE. Only
-- its owner may replace it.
grant create on schema public to onetrip_refresher;
set local role onetrip_refresher;
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
    select count(*), max(id::text)::uuid, array_agg(id) filter (where own_json is null or tags_json <> tags_json_of(tenant, id))
    into looked_at_count, next_to, stale
    from (select id, tags_json, own_json from tasks where tenant_id = tenant and id > looked_to order by id limit remaining) as next_tasks;
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
reset role;
revoke create on schema public from onetrip_refresher;

-- All tenants are looked through once more for that, while the API runs. Until a tenant has been, its reads join the tags.
create policy backfill on tenants for select to current_user using (true);
create policy backfill on stale_tags_json to current_user using (true) with check (true);
insert into stale_tags_json (tenant_id) select id from tenants where status <> 'deleting'
on conflict (tenant_id) do update set refreshed_to = null;
drop policy backfill on stale_tags_json;
drop policy backfill on tenants;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

grant create on schema public to onetrip_refresher;
set local role onetrip_refresher;
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
reset role;
revoke create on schema public from onetrip_refresher;
