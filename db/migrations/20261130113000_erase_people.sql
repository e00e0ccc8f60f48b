-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- By which the stored answers are found that show an actor by name: see idempotency_mentions.
create function actor_mention(actor text) returns uuid
language sql immutable parallel safe
return md5('actor:' || actor)::uuid;
revoke execute on function actor_mention(text) from public;
grant execute on function actor_mention(text) to onetrip_app;

-- What a stored answer shows that can be erased: the ids of its resource, of that one's project, task and tasks, and of
-- members; and who made them.
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

-- A stored answer as it is without a person: `member:<id>` where the subject stood as an actor, no author, no assignment, no
-- mention. Answers are written by functions of src/db/sql/json.ts, without spaces, and a quote inside a text has a
-- backslash before it: so what these patterns find is never part of a text.
create function without_person(answer text, person uuid, subject text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, public, pg_temp as $$
declare
  entry constant text := '\{"id":"' || person || '","name":"(?:[^"\\]|\\.)*"(?:,"role":"[a-z]+","assigned_at":"[^"]*")?\}';
  rest text := answer;
  member text;
begin
  if subject is not null then
    foreach member in array '{created_by,actor}'::text[] loop
      rest := replace(rest, '"' || member || '":' || to_json(subject), '"' || member || '":"member:' || person || '"');
    end loop;
  end if;
  rest := regexp_replace(rest, '"author":' || entry, '"author":null', 'g');
  rest := regexp_replace(rest, ',' || entry, '', 'g');
  return regexp_replace(rest, entry || ',?', '', 'g');
end
$$;
revoke execute on function without_person(text, uuid, text) from public;
grant execute on function without_person(text, uuid, text) to onetrip_app;

-- The same of one entry of the audit log: of who made, trashed or restored.
create function without_actor(changes jsonb, who text, stand_in text) returns jsonb
language sql immutable parallel safe
begin atomic
  select changes || coalesce(
    jsonb_object_agg(key, (
      select jsonb_agg(case when value = to_jsonb(who) then to_jsonb(stand_in) else value end order by n)
      from jsonb_array_elements(member.value) with ordinality as side (value, n))), '{}')
  from jsonb_each(changes) as member (key, value) where key in ('created_by', 'deleted_by');
end;
revoke execute on function without_actor(jsonb, text, text) from public;
grant execute on function without_actor(jsonb, text, text) to onetrip_auditor;

-- The subject of a member who may be erased: only of one who has been deactivated, so that nothing else in the log can be
-- changed by these functions.
grant select on members to onetrip_auditor;
create policy auditor on members for select to onetrip_auditor using (true);
create function erasable_subject(person uuid) returns text
language sql stable
begin atomic
  select subject from members where tenant_id = current_tenant() and id = $1 and status = 'deactivated';
end;
revoke execute on function erasable_subject(uuid) from public;
grant execute on function erasable_subject(uuid) to onetrip_app, onetrip_auditor;

-- Puts `member:<id>` in place of a member's subject where it is the actor, in so many entries of the tenant's audit log, the
-- newest first.
-- SECURITY DEFINER because nobody who logs in may write the log; the tenant is the caller's.
-- @returns whose entries they were, and how many
create function erase_actor_from_log(person uuid, at_most integer, out resources uuid[], out entries integer)
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  who constant text := erasable_subject(person);
  stand_in constant text := 'member:' || person;
begin
  with erased as (
    update audit_log set actor = stand_in, changes = without_actor(changes, who, stand_in)
    where tenant_id = current_tenant() and id in (
      select id from audit_log where tenant_id = current_tenant() and actor = who
      order by at desc, id desc limit at_most)
    returning resource_id
  )
  select coalesce(array_agg(distinct resource_id), '{}'), count(*)::integer into resources, entries from erased;
end
$$;
revoke execute on function erase_actor_from_log(uuid, integer) from public;
grant execute on function erase_actor_from_log(uuid, integer) to onetrip_app;

-- The same where the log of these resources says who had trashed them: in the entries of those who restored them.
create function erase_deleter_from_log(person uuid, resources uuid[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  who constant text := erasable_subject(person);
begin
  update audit_log set changes = without_actor(changes, who, 'member:' || person)
  where tenant_id = current_tenant() and resource_id = any (resources) and changes -> 'deleted_by' -> 0 = to_jsonb(who);
end
$$;
revoke execute on function erase_deleter_from_log(uuid, uuid[]) from public;
grant execute on function erase_deleter_from_log(uuid, uuid[]) to onetrip_app;

grant create on schema public to onetrip_auditor;
alter function erase_actor_from_log(uuid, integer) owner to onetrip_auditor;
alter function erase_deleter_from_log(uuid, uuid[]) owner to onetrip_auditor;
revoke create on schema public from onetrip_auditor;
grant execute on function current_tenant() to onetrip_auditor;

-- Takes so much of a member away that is not the member's own row: assignments, authorship, mentions, API keys, and the
-- subject where it stands as an actor. Whoever restores something at the same time has been waited for, at its row, before
-- the log is looked through for that. Of a member who is not deactivated the subject stays.
-- @returns whether nothing is left
create function erase_person(person uuid, rows_at_most integer) returns boolean
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant constant uuid := current_tenant();
  who constant text := erasable_subject(person);
  stand_in constant text := 'member:' || person;
  remaining integer := rows_at_most;
  touched integer;
  resources uuid[];
  api_key_ids uuid[];
  found_keys text[];
  keys text[];
begin
  -- What will be written is locked first, in the order in which everybody else locks: projects, then tasks.
  resources := array(
    select resource_id from audit_log where tenant_id = tenant and actor = who order by at desc, id desc limit remaining);
  perform from projects where tenant_id = tenant and id = any (resources) order by id for no key update;
  perform from tasks
  where tenant_id = tenant and id = any (resources || array(
    select task_id from assignees where tenant_id = tenant and member_id = person order by task_id limit remaining))
  order by id for no key update;
  delete from assignees where tenant_id = tenant and member_id = person and task_id in (
    select task_id from assignees where tenant_id = tenant and member_id = person order by task_id limit remaining);
  get diagnostics touched = row_count;
  remaining := remaining - touched;
  update comments set author_id = null where tenant_id = tenant and id in (
    select id from comments where tenant_id = tenant and author_id = person limit remaining);
  get diagnostics touched = row_count;
  remaining := remaining - touched;
  delete from comment_mentions where tenant_id = tenant and member_id = person and comment_id in (
    select comment_id from comment_mentions where tenant_id = tenant and member_id = person limit remaining);
  get diagnostics touched = row_count;
  remaining := remaining - touched;
  with deleted as (
    delete from api_keys where tenant_id = tenant and id in (
      select id from api_keys where tenant_id = tenant and member_id = person limit remaining)
    returning id
  )
  select coalesce(array_agg(id), '{}') into api_key_ids from deleted;
  update idempotency_keys set body = null, etag = null
  where tenant_id = tenant and key in (
    select key from idempotency_mentions where tenant_id = tenant and resource_id = any (api_key_ids));
  remaining := remaining - cardinality(api_key_ids);
  if who is not null then
    select erased.resources, erased.entries into resources, touched
    from erase_actor_from_log(person, remaining) as erased;
    remaining := remaining - touched;
    update projects set created_by = case when created_by = who then stand_in else created_by end,
      deleted_by = case when deleted_by = who then stand_in else deleted_by end
    where tenant_id = tenant and id = any (resources) and (created_by = who or deleted_by = who);
    update tasks set created_by = case when created_by = who then stand_in else created_by end,
      deleted_by = case when deleted_by = who then stand_in else deleted_by end
    where tenant_id = tenant and id = any (resources) and (created_by = who or deleted_by = who);
    update comments set actor = stand_in where tenant_id = tenant and id = any (resources) and actor = who;
    update api_keys set created_by = stand_in where tenant_id = tenant and id = any (resources) and created_by = who;
    perform erase_deleter_from_log(person, resources);
  end if;
  -- So many that they have little more than 4 MiB together, and one at least: 8 MiB take a second.
  found_keys := array(
    select distinct key from idempotency_mentions
    where tenant_id = tenant and (resource_id = person or resource_id = actor_mention(who))
    limit greatest(remaining, 1));
  keys := array(
    select key from (
      select key, sum(octets) over (order by key) - octets as octets_before
      from (
        select key, coalesce(bytes, 0) as octets from idempotency_keys
        where tenant_id = tenant and key = any (found_keys)
      ) as sized
    ) as counted
    where octets_before < 4194304);
  update idempotency_keys
  set body = case when body::json ->> 'id' <> person::text then without_person(body, person, who) end,
    etag = case when body::json ->> 'id' <> person::text then etag end
  where tenant_id = tenant and key = any (keys);
  delete from idempotency_mentions
  where tenant_id = tenant and key = any (keys) and (resource_id = person or resource_id = actor_mention(who));
  return cardinality(found_keys) < remaining and cardinality(keys) = cardinality(found_keys);
end
$$;
revoke execute on function erase_person(uuid, integer) from public;
grant execute on function erase_person(uuid, integer) to onetrip_app;

-- For the file after the next but one, which finds the people in the answers that are stored already: row-level security
-- holds for the owner too.
create policy backfill on idempotency_keys to current_user using (true) with check (true);
create policy backfill on idempotency_mentions to current_user using (true) with check (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy backfill on idempotency_mentions;
drop policy backfill on idempotency_keys;
drop function erase_person;
drop function erase_deleter_from_log;
drop function erase_actor_from_log;
drop function erasable_subject;
drop policy auditor on members;
revoke all on members from onetrip_auditor;
revoke execute on function current_tenant() from onetrip_auditor;
drop function without_actor;
drop function without_person;
create or replace function mentioned_ids(answer json) returns setof uuid
language sql immutable parallel safe rows 100
begin atomic
  select distinct id::uuid
  from (
    select answer ->> 'id'
    union all
    select answer #>> '{project,id}'
    union all
    select task ->> 'id' from json_array_elements(case json_typeof(answer -> 'tasks') when 'array' then answer -> 'tasks' end) as task
  ) as named (id)
  where id is not null;
end;

drop function actor_mention;
