-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Tells the planner how many different values a column has, instead of what ANALYZE finds, which leaves the column alone
-- from now on (statistics target 0). For columns that say whose a row is.
--
-- ANALYZE keeps a list of the most common values, and of a tenant or project that is not among them, because it is newer
-- or smaller, the planner expects a single row. Then any index that is led by the tenant seems as good as the right one,
-- and a nested loop over all rows of the tenant as good as a look-up: plans whose time grows with the square or the cube of
-- what the tenant has, until the next ANALYZE. So all tenants are planned alike, whenever ANALYZE came by.
create function expect_distinct(relation regclass, column_name text, count integer) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  named record;
begin
  select nspname::text as schema, relname::text as name, relkind = 'p' as is_partitioned into named
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace where pg_class.oid = relation;
  execute format('alter table %s alter column %I set statistics 0', relation, column_name);
  perform pg_clear_attribute_stats(named.schema, named.name, column_name, named.is_partitioned);
  perform pg_restore_attribute_stats(
    'schemaname', named.schema, 'relname', named.name, 'attname', column_name, 'inherited', named.is_partitioned,
    'null_frac', 0::real, 'avg_width', 16, 'n_distinct', count::real);
end
$$;

-- A tenant has one of 20 rows of each table, a project one of 20 tasks of its tenant.
select expect_distinct('projects', 'tenant_id', 20);
select expect_distinct('project_search', 'tenant_id', 20);
select expect_distinct('tasks', 'tenant_id', 20);
select expect_distinct('tasks', 'project_id', 20);
select expect_distinct('task_search', 'tenant_id', 20);
select expect_distinct('tags', 'tenant_id', 20);
select expect_distinct('task_tags', 'tenant_id', 20);
select expect_distinct('audit_log', 'tenant_id', 20);
select expect_distinct('idempotency_keys', 'tenant_id', 20);
select expect_distinct('idempotency_mentions', 'tenant_id', 20);

-- Most rows are not in the trash: until the first ANALYZE the planner takes a column for all but never null.
select pg_restore_attribute_stats(
  'schemaname', 'public', 'relname', relation, 'attname', 'deleted_at', 'inherited', false,
  'null_frac', 0.9::real, 'avg_width', 8, 'n_distinct', -0.1::real)
from unnest(array['projects', 'tasks']) as relation;

-- Every query of a tenant, and of the scheduled purge, has an index, so no table is ever to be read through, which may
-- seem cheaper while it is small. work_mem holds an answer of 8 MiB while it is added up: a WindowAgg whose rows no longer
-- fit reads all there are before it gives the first.
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
    set_config('enable_seqscan', 'off', true),
    set_config('work_mem', '32MB', true);
  if not exists (select from tenants where id = tenant and status = 'active') then
    perform must(false, '{"code": "forbidden", "detail": "The tenant of this token is unknown or suspended."}');
  end if;
end
$$;

create or replace function enter_platform(actor text, request_id text) returns void
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
    where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and attstattarget = 0
  loop
    execute format('alter table %I alter column %I set statistics default', tenants_column.relation, tenants_column.name);
    perform pg_clear_attribute_stats('public', tenants_column.relation, tenants_column.name, false);
  end loop;
end
$$;

drop function expect_distinct;

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

create or replace function enter_platform(actor text, request_id text) returns void
language plpgsql volatile as $$
begin
  perform
    set_config('app.tenant_id', '', true),
    set_config('app.role', 'platform', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true);
end
$$;
