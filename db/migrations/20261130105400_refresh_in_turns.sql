-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- When refresh_tags_json() last worked for the tenant, or when the tenant was marked: whose turn it is.
alter table stale_tags_json add column looked_at timestamptz not null default now();

-- The next step of bringing tags_json up to date, for the scheduled function: looks at so many tasks, of the tenants that
-- are marked, in turns. True while there may be more to do. SECURITY DEFINER because it works for all tenants, whose tasks
-- no role that somebody logs in with may see; its owner's policies let it see them, and it writes this one column.
--
-- A mark is locked meanwhile: a tag that is renamed in the middle of it is marked again afterwards, from the start. A task
-- that somebody has locked is left for the next step, because who holds it may wait for a tag whose new name waits for the
-- mark.
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
grant onetrip_refresher to current_user with inherit false, set true;
-- squawk-ignore ban-drop-column
alter table stale_tags_json drop column looked_at;
