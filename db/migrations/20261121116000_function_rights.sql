-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Nobody may do anything by being PUBLIC: run functions, of this schema or of those to come, or make temporary tables,
-- whose names could stand in for ours.
alter default privileges revoke execute on functions from public;

do $$
declare
  ours record;
begin
  execute format('revoke temporary on database %I from public', current_database());
  for ours in
    select pg_proc.oid::regprocedure as signature, prosqlbody is null as is_late
    from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f' and not exists (
      select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
  loop
    execute format('revoke execute on function %s from public', ours.signature);
    -- The names in a body that is kept as text are looked up when it runs, in a search path that whoever calls it has set.
    if ours.is_late then
      execute format('alter function %s set search_path = pg_catalog, public, pg_temp', ours.signature);
    end if;
  end loop;
end
$$;

grant execute on function
  current_tenant(), enter_tenant(uuid, text, text), enter_platform(text, text), must(boolean, json),
  retry_unless(boolean), split_unless(boolean), within_limit(text, text), rfc3339(timestamptz), etag_of(integer, text), make_cursor(text, json),
  merge_patch(jsonb, jsonb), tag_key(text), claim_idempotency_key(text, text), mentioned_ids(json),
  search_projects(text), projects_with_metadata(jsonb), search_tasks(text), tasks_with_metadata(jsonb),
  search_terms(uuid, text), search_text(text), without_marks(text), search_metadata(uuid, jsonb)
to onetrip_app;
grant execute on function
  current_tenant(), search_query(uuid, text), search_terms(uuid, text), search_text(text), without_marks(text),
  search_metadata(uuid, jsonb)
to onetrip_search;
grant execute on function changed_members(jsonb, jsonb), logged_value(text, jsonb), rfc3339(timestamptz) to onetrip_auditor;
grant execute on function enter_platform(text, text) to onetrip_janitor;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter default privileges grant execute on functions to public;

do $$
declare
  ours record;
begin
  execute format('grant temporary on database %I to public', current_database());
  for ours in
    select pg_proc.oid::regprocedure as signature from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f'
    and proname not in ('write_audit_log', 'write_tenant_audit') and not exists (
      select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
  loop
    execute format('grant execute on function %s to public', ours.signature);
  end loop;
end
$$;

revoke execute on function
  current_tenant(), enter_tenant(uuid, text, text), enter_platform(text, text), must(boolean, json),
  retry_unless(boolean), split_unless(boolean), within_limit(text, text), rfc3339(timestamptz), etag_of(integer, text), make_cursor(text, json),
  merge_patch(jsonb, jsonb), tag_key(text), claim_idempotency_key(text, text), mentioned_ids(json),
  search_projects(text), projects_with_metadata(jsonb), search_tasks(text), tasks_with_metadata(jsonb),
  search_terms(uuid, text), search_text(text), without_marks(text), search_metadata(uuid, jsonb)
from onetrip_app;
revoke execute on function
  current_tenant(), search_query(uuid, text), search_terms(uuid, text), search_text(text), without_marks(text),
  search_metadata(uuid, jsonb)
from onetrip_search;
revoke execute on function changed_members(jsonb, jsonb), logged_value(text, jsonb), rfc3339(timestamptz) from onetrip_auditor;
revoke execute on function enter_platform(text, text) from onetrip_janitor;

alter function must(boolean, json) reset search_path;
alter function retry_unless(boolean) reset search_path;
alter function within_limit(text, text) reset search_path;
alter function merge_patch(jsonb, jsonb) reset search_path;
alter function touch_tagged_tasks() reset search_path;
alter function refuse_change() reset search_path;
