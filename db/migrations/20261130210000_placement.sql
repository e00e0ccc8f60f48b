-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What this database has to do with a tenant, of whose databases one is its home. `home`: it is served from here. `pending`: it
-- is being created, and the directory does not name it yet. `arriving`: it is being copied here. `moving`: it is being moved
-- away; it is read from here, and takes no writes. `moved`: it is at home in the database that `moved_to` names.
alter table tenants
add column placement text not null default 'home'
constraint tenants_placement_check check (placement in ('home', 'pending', 'arriving', 'moving', 'moved')),
add column moved_to text
constraint tenants_moved_to_check check ((moved_to is not null) = (placement = 'moved'));

-- Which database a tenant is at home in, where it is not the one that its id gives; in the first database alone. Its key is not
-- called tenant_id: it goes not with a tenant when that is moved.
create table tenant_directory (
  id uuid primary key,
  shard text not null check (shard ~ '^[a-z][a-z0-9-]{0,31}$')
);
alter table tenant_directory enable row level security;
alter table tenant_directory force row level security;
create policy own_tenant on tenant_directory for select to onetrip_app
using (id = (select current_tenant()));
create policy platform on tenant_directory to onetrip_app
using ((select current_setting('app.role', true)) = 'platform')
with check ((select current_setting('app.role', true)) = 'platform');
create policy janitor on tenant_directory to onetrip_janitor using (true);
grant select, insert, update, delete on tenant_directory to onetrip_app;
grant select, delete on tenant_directory to onetrip_janitor;

-- As before, but that a tenant may be placed otherwise, of which its callers see nothing.
create or replace function stamp_tenant() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (new.name, new.status) is distinct from (old.name, old.status) then
    new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  elsif (new.placement, new.moved_to) is not distinct from (old.placement, old.moved_to) then
    return null;
  end if;
  return new;
end
$$;

create or replace function write_tenant_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if tg_op = 'UPDATE' and (new.name, new.status) is not distinct from (old.name, old.status) then
    return null;
  end if;
  insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
  values (
    new.id, new.updated_at, nullif(current_setting('app.actor', true), ''),
    nullif(current_setting('app.request_id', true), ''), lower(tg_op), 'tenant', new.id,
    changed_members(
      case when tg_op = 'UPDATE' then to_jsonb(old) - '{placement,moved_to}'::text[] end,
      to_jsonb(new) - '{placement,moved_to}'::text[])
  );
  return null;
end
$$;

-- Rejects where a tenant is not served from this database, or does not take writes at the moment. What a write decides by this
-- stays true until it has ended, as far as the one who moves the tenant is concerned: set_tenant_context() and
-- set_platform_context() have given the transaction its id before, so that it reads the tenant's row after that. Whoever has
-- committed `moving` begins a transaction, takes its own id, and waits until pg_snapshot_xmin(pg_current_snapshot()) is above
-- it: then every write that has read the row as it was before has ended.
-- @param problem what a tenant is told that does not exist. It has the database that the tenant has moved to in it, as far as
--   this one knows, as `elsewhere`, for the Worker alone
create function refuse_unless_served(tenant uuid, problem json) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  found_tenant record;
  rejection jsonb := problem;
begin
  select t.placement, coalesce(t.moved_to, d.shard) as moved_to into found_tenant
  from (select) as one
  left join tenants as t on t.id = tenant
  left join tenant_directory as d on d.id = tenant and t.id is null;
  if found_tenant.placement = 'home' then
    return;
  elsif found_tenant.placement = 'moving' then
    if not current_setting('transaction_read_only')::boolean then
      perform raise_unless(false, '{"code": "unavailable", "detail": "The tenant is being moved to another database, and takes no writes meanwhile.", "headers": {"Retry-After": "5"}}');
    end if;
    return;
  elsif found_tenant.placement = 'arriving' then
    rejection := '{"code": "unavailable", "detail": "The tenant is being moved to another database.", "headers": {"Retry-After": "1"}}';
  end if;
  perform raise_unless(false, (rejection || jsonb_build_object('elsewhere', jsonb_build_object('shard', found_tenant.moved_to)))::json);
end
$$;
revoke execute on function refuse_unless_served(uuid, json) from public;
grant execute on function refuse_unless_served(uuid, json) to onetrip_app;

-- As before, but that a tenant is refused which is not served from here.
create or replace function set_tenant_context(tenant uuid, actor text, request_id text, role text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  found_tenant record;
begin
  perform
    set_config('app.tenant_id', tenant::text, true),
    set_config('app.role', 'tenant', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('app.caller_role', coalesce(role, ''), true),
    set_config('statement_timeout', '10s', true),
    -- When the caller has been told that it took too long, nothing goes on: a batch may have hundreds of statements.
    set_config('transaction_timeout', '20s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('work_mem', '32MB', true);
  -- Who writes is not purged until that is committed: a purge would find nothing of it, and leave the subject there. It sees a
  -- purge that has been waited for.
  if not current_setting('transaction_read_only')::boolean then
    -- Before the tenant is read: see refuse_unless_served().
    perform pg_current_xact_id();
    perform from members where tenant_id = tenant and subject = actor for key share;
  end if;
  select tenants.status, tenants.placement, members.id as member_id, members.status as member_status,
    exists (select from webhooks where webhooks.tenant_id = tenant) as has_webhooks
  into found_tenant
  from tenants left join members on members.tenant_id = tenant and members.subject = actor
  where tenants.id = tenant;
  if found_tenant.placement is distinct from 'home' then
    perform refuse_unless_served(tenant, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
  if found_tenant.status is distinct from 'active' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  elsif found_tenant.member_status = 'deactivated' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The member whose token this is has been deactivated."}');
  end if;
  perform
    set_config('app.member_id', coalesce(found_tenant.member_id::text, ''), true),
    -- What is changed in this transaction is to be delivered, or is not: see write_deliveries().
    set_config('app.webhooks', case when found_tenant.has_webhooks then 'on' else 'off' end, true);
end
$$;

create or replace function set_api_key_context(tenant uuid, key uuid, secret_hash bytea, needed text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  found_key record;
  salt constant bytea := uuid_send(gen_random_uuid());
  is_right boolean;
  unauthenticated constant json := '{"code": "unauthenticated", "detail": "The token is missing, malformed, expired or not ours.", "headers": {"WWW-Authenticate": "Bearer"}}';
  roles constant text[] := '{viewer,member,admin,platform}';
begin
  perform set_config('app.tenant_id', tenant::text, true), set_config('lock_timeout', '5s', true);
  select k.role, k.secret_hash, k.member_id, k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
    and (k.member_id is null or m.status = 'active') as is_active, t.placement
  into found_key
  from (select) as one
  left join tenants as t on t.id = tenant
  left join api_keys as k on k.tenant_id = tenant and k.id = key
  left join members as m on m.tenant_id = tenant and m.id = k.member_id;
  is_right := sha256(coalesce(found_key.secret_hash, salt) || salt) = sha256(set_api_key_context.secret_hash || salt);
  -- Here may be no key of the tenant, or what the key was once: whether it is good, its home tells.
  if found_key.placement is distinct from 'home' then
    perform refuse_unless_served(tenant, unauthenticated);
  end if;
  if (is_right and found_key.is_active) is not true then
    perform raise_unless(false, unauthenticated);
  end if;
  perform set_tenant_context(tenant, 'api-key:' || key, request_id, found_key.role);
  if array_position(roles, found_key.role) < array_position(roles, needed) then
    perform raise_unless(false, json_build_object('code', 'forbidden', 'detail',
      format('This needs an API key with the role %s%s.', needed, case when needed in ('viewer', 'member') then ' or above' else '' end)));
  end if;
  perform set_config('app.member_id', coalesce(found_key.member_id::text, ''), true);
end
$$;

create or replace function set_platform_context(actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform
    set_config('app.tenant_id', '', true),
    set_config('app.role', 'platform', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true);
  -- Before anything is read: see refuse_unless_served().
  if not current_setting('transaction_read_only')::boolean then
    perform pg_current_xact_id();
  end if;
  -- For the release before this one, whose courier begins each batch with it, and knows no outbox. A later migration takes it away.
  if pg_has_role('onetrip_courier', 'usage') and not current_setting('transaction_read_only')::boolean then
    perform fan_out_webhooks(tenant_id, 100)
    from (select distinct tenant_id from (select tenant_id from webhook_outbox order by created_at limit 5) as oldest) as waiting;
  end if;
end
$$;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Without the column, a tenant would be served from wherever it has a row. The owner, too, sees only what a policy lets it see.
alter table tenants no force row level security;
do $$
begin
  if exists (select from tenants where placement <> 'home') then
    raise exception 'some tenants are not at home in this database: move them back, or remove what is left of them, first';
  end if;
end
$$;
alter table tenants force row level security;

create or replace function set_platform_context(actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform
    set_config('app.tenant_id', '', true),
    set_config('app.role', 'platform', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true);
  -- For the release before this one, whose courier begins each batch with it, and knows no outbox. A later migration takes it away.
  if pg_has_role('onetrip_courier', 'usage') and not current_setting('transaction_read_only')::boolean then
    perform fan_out_webhooks(tenant_id, 100)
    from (select distinct tenant_id from (select tenant_id from webhook_outbox order by created_at limit 5) as oldest) as waiting;
  end if;
end
$$;

create or replace function set_api_key_context(tenant uuid, key uuid, secret_hash bytea, needed text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  found_key record;
  salt constant bytea := uuid_send(gen_random_uuid());
  is_right boolean;
  roles constant text[] := '{viewer,member,admin,platform}';
begin
  perform set_config('app.tenant_id', tenant::text, true), set_config('lock_timeout', '5s', true);
  select k.role, k.secret_hash, k.member_id, k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
    and (k.member_id is null or m.status = 'active') as is_active
  into found_key
  from (select) as one
  left join api_keys as k on k.tenant_id = tenant and k.id = key
  left join members as m on m.tenant_id = tenant and m.id = k.member_id;
  is_right := sha256(coalesce(found_key.secret_hash, salt) || salt) = sha256(set_api_key_context.secret_hash || salt);
  if (is_right and found_key.is_active) is not true then
    perform raise_unless(false, '{"code": "unauthenticated", "detail": "The token is missing, malformed, expired or not ours.", "headers": {"WWW-Authenticate": "Bearer"}}');
  end if;
  perform set_tenant_context(tenant, 'api-key:' || key, request_id, found_key.role);
  if array_position(roles, found_key.role) < array_position(roles, needed) then
    perform raise_unless(false, json_build_object('code', 'forbidden', 'detail',
      format('This needs an API key with the role %s%s.', needed, case when needed in ('viewer', 'member') then ' or above' else '' end)));
  end if;
  perform set_config('app.member_id', coalesce(found_key.member_id::text, ''), true);
end
$$;

create or replace function set_tenant_context(tenant uuid, actor text, request_id text, role text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  found_tenant record;
begin
  perform
    set_config('app.tenant_id', tenant::text, true),
    set_config('app.role', 'tenant', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('app.caller_role', coalesce(role, ''), true),
    set_config('statement_timeout', '10s', true),
    -- When the caller has been told that it took too long, nothing goes on: a batch may have hundreds of statements.
    set_config('transaction_timeout', '20s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('work_mem', '32MB', true);
  -- Who writes is not purged until that is committed: a purge would find nothing of it, and leave the subject there. It sees a
  -- purge that has been waited for.
  if not current_setting('transaction_read_only')::boolean then
    perform from members where tenant_id = tenant and subject = actor for key share;
  end if;
  select tenants.status, members.id as member_id, members.status as member_status,
    exists (select from webhooks where webhooks.tenant_id = tenant) as has_webhooks
  into found_tenant
  from tenants left join members on members.tenant_id = tenant and members.subject = actor
  where tenants.id = tenant;
  if found_tenant.status is distinct from 'active' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  elsif found_tenant.member_status = 'deactivated' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The member whose token this is has been deactivated."}');
  end if;
  perform
    set_config('app.member_id', coalesce(found_tenant.member_id::text, ''), true),
    -- What is changed in this transaction is to be delivered, or is not: see write_deliveries().
    set_config('app.webhooks', case when found_tenant.has_webhooks then 'on' else 'off' end, true);
end
$$;

drop function refuse_unless_served(uuid, json);

create or replace function write_tenant_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
  values (
    new.id, new.updated_at, nullif(current_setting('app.actor', true), ''),
    nullif(current_setting('app.request_id', true), ''), lower(tg_op), 'tenant', new.id,
    changed_members(case when tg_op = 'UPDATE' then to_jsonb(old) end, to_jsonb(new))
  );
  return null;
end
$$;

create or replace function stamp_tenant() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  if (new.name, new.status) is not distinct from (old.name, old.status) then
    return null;
  end if;
  new.updated_at := greatest(old.updated_at + interval '1 millisecond', clock_timestamp());
  return new;
end
$$;

drop table tenant_directory;
-- squawk-ignore ban-drop-column
alter table tenants drop column moved_to, drop column placement;
