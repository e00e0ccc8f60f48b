-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Plans are made for any values, once: a driver that keeps statements prepared would otherwise plan most of them again at
-- every execution, because a plan for the values at hand looks cheaper. All tenants are planned alike anyway, see
-- expect_distinct().
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

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

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
    set_config('work_mem', '32MB', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform raise_unless(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;
