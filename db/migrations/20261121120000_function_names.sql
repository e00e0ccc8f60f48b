-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Names that say what the functions do. A rename keeps their owners and rights.
alter function must(boolean, json) rename to raise_unless;
alter function enter_tenant(uuid, text, text) rename to set_tenant_context;
alter function enter_platform(text, text) rename to set_platform_context;

-- PL/pgSQL keeps its functions as text, so the ones that call must() are created anew with the new name in it.
do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f' and prosrc ~ '\mmust\('
  loop
    execute regexp_replace(definition, '\mmust\(', 'raise_unless(', 'g');
  end loop;
end
$$;

-- The release before this one calls the old names until it has been replaced. A later migration drops them.
create function must(condition boolean, problem json) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform raise_unless(condition, problem);
end
$$;
create function enter_tenant(tenant uuid, actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform set_tenant_context(tenant, actor, request_id);
end
$$;
create function enter_platform(actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform set_platform_context(actor, request_id);
end
$$;
revoke execute on function must(boolean, json), enter_tenant(uuid, text, text), enter_platform(text, text) from public;
grant execute on function must(boolean, json), enter_tenant(uuid, text, text), enter_platform(text, text) to onetrip_app;
grant execute on function enter_platform(text, text) to onetrip_janitor;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function must(boolean, json);
drop function enter_tenant(uuid, text, text);
drop function enter_platform(text, text);

do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f' and prosrc ~ '\mraise_unless\('
  loop
    execute regexp_replace(definition, '\mraise_unless\(', 'must(', 'g');
  end loop;
end
$$;

alter function raise_unless(boolean, json) rename to must;
alter function set_tenant_context(uuid, text, text) rename to enter_tenant;
alter function set_platform_context(text, text) rename to enter_platform;
