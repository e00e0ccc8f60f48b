-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What the planner is to believe of the columns that say whose a row is: a tenant has one of 100 rows of each table, a
-- project one of 20 tasks of its tenant. ANALYZE keeps a list of the most common values instead, and of a tenant or project that
-- is not among them, because it is newer or smaller, the planner expects a single row. Then any index that is led by the
-- tenant seems as good as the right one, and a nested loop over all rows of the tenant as good as a look-up: plans that
-- take a time that grows with the square or the cube of what the tenant has, until the next ANALYZE.
-- So all tenants are planned alike, whenever ANALYZE came by. Statistics target 0 keeps it from these columns.
do $$
declare
  tenants_column record;
begin
  for tenants_column in
    select relname::text as relation, attname::text as name, case attname when 'tenant_id' then 100 else 20 end::real as n_distinct
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and not attisdropped
      and (attname = 'tenant_id' or (relname, attname) = ('tasks', 'project_id'))
  loop
    execute format('alter table %I alter column %I set statistics 0', tenants_column.relation, tenants_column.name);
    perform pg_clear_attribute_stats('public', tenants_column.relation, tenants_column.name, false);
    perform pg_restore_attribute_stats(
      'schemaname', 'public', 'relname', tenants_column.relation, 'attname', tenants_column.name, 'inherited', false,
      'null_frac', 0::real, 'avg_width', 16, 'n_distinct', tenants_column.n_distinct);
  end loop;
end
$$;

-- Every query of a tenant has an index that is led by the tenant, so no table is ever to be read through, which may seem
-- cheaper while it is small.
create or replace function enter_tenant(tenant uuid, actor text, request_id text) returns void
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
    set_config('enable_seqscan', 'off', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform must(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

do $$
declare
  tenants_column record;
begin
  for tenants_column in
    select relname::text as relation, attname::text as name
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind = 'r' and not attisdropped
      and (attname = 'tenant_id' or (relname, attname) = ('tasks', 'project_id'))
  loop
    execute format('alter table %I alter column %I set statistics default', tenants_column.relation, tenants_column.name);
    perform pg_clear_attribute_stats('public', tenants_column.relation, tenants_column.name, false);
  end loop;
end
$$;

create or replace function enter_tenant(tenant uuid, actor text, request_id text) returns void
language plpgsql volatile as $$
begin
  perform
    set_config('app.tenant_id', tenant::text, true),
    set_config('app.role', 'tenant', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform must(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;
