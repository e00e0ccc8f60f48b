-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- The member for whom somebody acts, in this transaction; null where there is none.
create function current_member() returns uuid
language sql stable parallel safe
return nullif(current_setting('app.member_id', true), '')::uuid;
revoke execute on function current_member() from public;
grant execute on function current_member() to onetrip_app;

-- With what every batch of a token begins: who asks, and with which rights. Rejects where the tenant is not active, or the
-- member whose subject it is has been deactivated.
create function set_tenant_context(tenant uuid, actor text, request_id text, role text) returns void
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
  select tenants.status, members.id as member_id, members.status as member_status into found_tenant
  from tenants left join members on members.tenant_id = tenant and members.subject = actor
  where tenants.id = tenant;
  if found_tenant.status is distinct from 'active' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  elsif found_tenant.member_status = 'deactivated' then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The member whose token this is has been deactivated."}');
  end if;
  perform set_config('app.member_id', coalesce(found_tenant.member_id::text, ''), true);
end
$$;
revoke execute on function set_tenant_context(uuid, text, text, text) from public;
grant execute on function set_tenant_context(uuid, text, text, text) to onetrip_app;

-- As the release before calls it.
create or replace function set_tenant_context(tenant uuid, actor text, request_id text) returns void
language sql volatile
begin atomic
  select set_tenant_context(tenant, actor, request_id, null);
end;

-- With what every batch of an API key begins. It does the same whether there is such a key or not, and compares digests of
-- digests, so that how long it takes tells nothing of how much of a secret was right.
-- @param secret_hash SHA-256 of the secret
-- @param needed the lowest role that may do what is asked; `platform`, which no key has
create function set_api_key_context(tenant uuid, key uuid, secret_hash bytea, needed text, request_id text) returns void
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
revoke execute on function set_api_key_context(uuid, uuid, bytea, text, text) from public;
grant execute on function set_api_key_context(uuid, uuid, bytea, text, text) to onetrip_app;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function set_api_key_context;
create or replace function set_tenant_context(tenant uuid, actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform
    set_config('app.tenant_id', tenant::text, true),
    set_config('app.role', 'tenant', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true),
    set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('work_mem', '32MB', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;
drop function set_tenant_context(uuid, text, text, text);
drop function current_member;
