-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Operations that are carried out together, one after another, in one transaction. `app.operation` says which one it is.

-- The number of the operation, from 0; null where there is but one.
create function current_operation() returns integer
language sql stable parallel safe
return nullif(current_setting('app.operation', true), '')::integer;
revoke execute on function current_operation() from public;
grant execute on function current_operation() to onetrip_app, onetrip_refresher;

-- By which a row knows whether it has been changed by what is under way already, which counts its version once: the
-- transaction, or the operation of it. Numbers of transactions are far below 2^48, so that no two are the same.
create function current_change() returns xid8
language sql stable
return case when coalesce(current_operation(), 0) = 0 then pg_current_xact_id()
  else (pg_current_xact_id()::text::bigint + (current_operation()::bigint << 48))::text::xid8 end;
revoke execute on function current_change() from public;
grant execute on function current_change() to onetrip_app, onetrip_refresher;

-- As before, but that a problem tells which operation has it.
create or replace function raise_unless(condition boolean, problem json) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  if condition is not true then
    raise exception using errcode = 'OT000', message = problem ->> 'code',
      -- Not as jsonb, which would put the members into another order.
      detail = coalesce('{"operation":' || current_operation() || ',' || substr(ltrim(problem::text), 2), problem::text);
  end if;
end
$$;

-- Keeps the answer to the operation that is under way until all are through, and goes on to the next. Rejects where the
-- answers together exceed 8 MiB: no more than that is kept, however many operations there are.
create function keep_result(name text, status integer, location text, etag text, body text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  n constant integer := current_operation();
  result constant text := concat(
    '{"id":', coalesce(to_json(name)::text, 'null'), ',"status":', status,
    ',"location":', coalesce(to_json(location)::text, 'null'),
    ',"etag":', coalesce(to_json('"' || etag || '"')::text, 'null'), ',"body":', coalesce(body, 'null'), '}');
  size constant integer := coalesce(nullif(current_setting('app.results_size', true), '')::integer, 0) + octet_length(result) + 1;
begin
  if size > 8 * 1024 * 1024 then
    -- It is no fault of this operation.
    perform set_config('app.operation', '', true);
    perform raise_unless(false, json_build_object(
      'code', 'unprocessable',
      'detail', 'The answers would exceed 8 MiB together: send fewer operations at once.',
      'errors', json_build_array(json_build_object(
        'pointer', '/operations', 'code', 'answer_too_large', 'message', 'make the answer exceed 8 MiB'))));
  end if;
  perform set_config('app.result_' || n, result, true), set_config('app.results_size', size::text, true),
    set_config('app.operation', (n + 1)::text, true);
end
$$;
revoke execute on function keep_result(text, integer, text, text, text) from public;
grant execute on function keep_result(text, integer, text, text, text) to onetrip_app;

-- The answer to all operations, once they are through.
create function kept_results() returns text
language sql stable
begin atomic
  select '{"results":[' || string_agg(current_setting('app.result_' || n), ',' order by n) || ']}'
  from generate_series(0, current_operation() - 1) as n;
end;
revoke execute on function kept_results() from public;
grant execute on function kept_results() to onetrip_app;

-- What a stored answer shows that can be erased, as before; of operations that were carried out together, what each of
-- their answers shows.
create or replace function mentioned_ids(answer json) returns setof uuid
language sql immutable parallel safe rows 100
begin atomic
  with answers as materialized (
    select answer as body
    union all
    select result -> 'body' from json_array_elements(
      case json_typeof(answer -> 'results') when 'array' then answer -> 'results' end) as result
  ),
  shown as materialized (
    select body as resource from answers
    union all
    select resource from answers, json_array_elements(
      case json_typeof(body -> 'tasks') when 'array' then body -> 'tasks' end) as resource
  ),
  people as (
    select person from shown, json_array_elements(
      case json_typeof(resource -> 'assignees') when 'array' then resource -> 'assignees' end) as person
    union all
    select person from answers, json_array_elements(
      case json_typeof(body -> 'mentions') when 'array' then body -> 'mentions' end) as person
    union all
    select body -> 'author' from answers
  )
  select distinct id
  from (
    select (resource ->> 'id')::uuid from shown
    union all
    select (body #>> '{project,id}')::uuid from answers
    union all
    select (body ->> 'task_id')::uuid from answers
    union all
    select (person ->> 'id')::uuid from people
    union all
    select actor_mention(coalesce(resource ->> 'created_by', resource ->> 'actor')) from shown
  ) as named (id)
  where id is not null;
end;

-- Answers without an id of their own are kept without a person, too.
do $$
begin
  execute replace(
    pg_get_functiondef('erase_person(uuid, integer)'::regprocedure),
    $x$body::json ->> 'id' <> person::text$x$, $x$body::json ->> 'id' is distinct from person::text$x$);
end
$$;

-- The functions that note on a row by what it was changed.
grant onetrip_refresher to current_user with inherit true, set true;
do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace
    and proname in ('stamp_version', 'write_tags_json', 'write_assignees_json', 'touch_blocked_tasks')
  loop
    execute replace(definition, 'pg_current_xact_id()', 'current_change()');
  end loop;
end
$$;
grant onetrip_refresher to current_user with inherit false;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

grant onetrip_refresher to current_user with inherit true, set true;
do $$
declare
  definition text;
begin
  for definition in
    select pg_get_functiondef(oid) from pg_proc
    where pronamespace = 'public'::regnamespace
    and proname in ('stamp_version', 'write_tags_json', 'write_assignees_json', 'touch_blocked_tasks')
  loop
    execute replace(definition, 'current_change()', 'pg_current_xact_id()');
  end loop;
end
$$;
grant onetrip_refresher to current_user with inherit false;

do $$
begin
  execute replace(
    pg_get_functiondef('erase_person(uuid, integer)'::regprocedure),
    $x$body::json ->> 'id' is distinct from person::text$x$, $x$body::json ->> 'id' <> person::text$x$);
end
$$;

create or replace function mentioned_ids(answer json) returns setof uuid
language sql immutable parallel safe rows 100
begin atomic
  with shown as materialized (
    select answer as resource
    union all
    select resource from json_array_elements(
      case json_typeof(answer -> 'tasks') when 'array' then answer -> 'tasks' end) as resource
  ),
  people as (
    select person from shown, json_array_elements(
      case json_typeof(resource -> 'assignees') when 'array' then resource -> 'assignees' end) as person
    union all
    select person from json_array_elements(
      case json_typeof(answer -> 'mentions') when 'array' then answer -> 'mentions' end) as person
    union all
    select answer -> 'author'
  )
  select distinct id
  from (
    select (resource ->> 'id')::uuid from shown
    union all
    select (answer #>> '{project,id}')::uuid
    union all
    select (answer ->> 'task_id')::uuid
    union all
    select (person ->> 'id')::uuid from people
    union all
    select actor_mention(coalesce(resource ->> 'created_by', resource ->> 'actor')) from shown
  ) as named (id)
  where id is not null;
end;

create or replace function raise_unless(condition boolean, problem json) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  if condition is not true then
    raise exception using errcode = 'OT000', message = problem ->> 'code', detail = problem::text;
  end if;
end
$$;
drop function kept_results;
drop function keep_result;
drop function current_change;
drop function current_operation;
