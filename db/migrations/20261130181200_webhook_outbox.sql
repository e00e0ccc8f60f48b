-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What is to be delivered is written at the end of the transaction that makes a change, by a deferred trigger on the audit
-- log: whatever path makes the change, and once for all of them, so that a task which is made with its tags is one event. It
-- reads as onetrip_outbox, which sees all tenants, as the scheduled purge has no tenant of its own; hence SECURITY DEFINER.

grant select on tenants, projects, tasks, tags, task_tags, members, assignees, comments, comment_mentions, stale_tags_json,
  audit_log, webhooks to onetrip_outbox;
grant select, insert, update (body, people) on webhook_deliveries to onetrip_outbox;
create policy outbox on projects for select to onetrip_outbox using (true);
create policy outbox on tasks for select to onetrip_outbox using (true);
create policy outbox on tags for select to onetrip_outbox using (true);
create policy outbox on task_tags for select to onetrip_outbox using (true);
create policy outbox on members for select to onetrip_outbox using (true);
create policy outbox on assignees for select to onetrip_outbox using (true);
create policy outbox on comments for select to onetrip_outbox using (true);
create policy outbox on comment_mentions for select to onetrip_outbox using (true);
create policy outbox on stale_tags_json for select to onetrip_outbox using (true);
create policy outbox on audit_log for select to onetrip_outbox using (true);
create policy outbox on webhooks for select to onetrip_outbox using (true);
create policy outbox on webhook_deliveries to onetrip_outbox using (true) with check (true);
grant execute on function
  current_tenant(), rfc3339(timestamptz), tag_json(uuid, text, text), tags_json_of(uuid, uuid),
  assignee_json(uuid, text, text, timestamptz), assignees_json_of(uuid, uuid),
  own_json_of(uuid, uuid, uuid, text, text, integer, date, double precision, timestamptz, integer, text, timestamptz, timestamptz),
  task_own_json(uuid, uuid), actor_mention(text), without_person(text, uuid, text),
  without_actor(jsonb, text, text), erasable_subject(uuid)
to onetrip_outbox;

-- The body of a delivery.
-- @param resource its JSON
create function webhook_body(
  event text, at text, tenant uuid, resource_type text, resource text, changes text, actor text
) returns text
language sql immutable parallel safe
return '{"type":"' || event || '","timestamp":"' || at || '","data":{"tenant_id":"' || tenant
  || '","resource_type":"' || resource_type || '","resource":' || resource || ',"changes":' || changes
  || ',"actor":' || coalesce(to_json(actor)::text, 'null') || '}}';
revoke execute on function webhook_body(text, text, uuid, text, text, text, text) from public;
grant execute on function webhook_body(text, text, uuid, text, text, text, text) to onetrip_outbox, onetrip_app;

-- Resources, and the people whom each names, as their lists show them, without what is counted from others: as src/db/sql/representations.ts has them, which
-- test/functions/webhooks/events.test.ts compares. What is in the trash, or belongs to a task that is, is left out.
create function webhook_resources(tenant uuid, kind text, ids uuid[]) returns table (id uuid, resource text, people uuid[])
language plpgsql stable set search_path = pg_catalog, public, pg_temp set extra_float_digits = 1 as $$
declare
  is_stale boolean;
begin
  if kind = 'project' then
    return query select p.id, '{"id":"' || p.id || '","name":' || to_json(p.name)
      || ',"description":' || coalesce(to_json(p.description)::text, 'null') || ',"status":"' || p.status
      || '","metadata":' || p.metadata || ',"version":' || p.version
      || ',"created_by":' || coalesce(to_json(p.created_by)::text, 'null')
      || ',"created_at":"' || rfc3339(p.created_at) || '","updated_at":"' || rfc3339(p.updated_at) || '"}',
      array[actor_mention(p.created_by)]
    from projects as p where p.tenant_id = tenant and p.id = any (ids) and p.deleted_at is null;
  elsif kind = 'task' then
    is_stale := exists (select from stale_tags_json where tenant_id = tenant);
    return query select t.id, coalesce(t.own_json, task_own_json(tenant, t.id))
      || ',"description":' || coalesce(to_json(t.description)::text, 'null') || ',"metadata":' || t.metadata
      || ',"tags":' || case when is_stale then tags_json_of(tenant, t.id) else t.tags_json end
      || ',"assignees":' || case when is_stale then assignees_json_of(tenant, t.id) else t.assignees_json end || '}',
      actor_mention(t.created_by) || array(
        select member_id from assignees where assignees.tenant_id = tenant and assignees.task_id = t.id)
    from tasks as t where t.tenant_id = tenant and t.id = any (ids) and t.deleted_at is null;
  elsif kind = 'tag' then
    return query select t.id, '{"id":"' || t.id || '","name":' || to_json(t.name)
      || ',"color":' || coalesce('"' || t.color || '"', 'null') || ',"version":' || t.version
      || ',"created_at":"' || rfc3339(t.created_at) || '","updated_at":"' || rfc3339(t.updated_at) || '"}', '{}'::uuid[]
    from tags as t where t.tenant_id = tenant and t.id = any (ids);
  elsif kind = 'member' then
    return query select m.id, '{"id":"' || m.id || '","subject":' || coalesce(to_json(m.subject)::text, 'null')
      || ',"name":' || to_json(m.name) || ',"email":' || coalesce(to_json(m.email)::text, 'null')
      || ',"status":"' || m.status || '","version":' || m.version
      || ',"created_at":"' || rfc3339(m.created_at) || '","updated_at":"' || rfc3339(m.updated_at) || '"}', '{}'::uuid[]
    from members as m where m.tenant_id = tenant and m.id = any (ids);
  elsif kind = 'comment' then
    return query select c.id, '{"id":"' || c.id || '","task_id":"' || c.task_id || '","author":' || coalesce((
        select '{"id":"' || a.id || '","name":' || to_json(a.name) || '}'
        from members as a where a.tenant_id = tenant and a.id = c.author_id), 'null')
      || ',"actor":' || coalesce(to_json(c.actor)::text, 'null') || ',"body":' || to_json(c.body)
      || ',"mentions":[' || coalesce((
        select string_agg('{"id":"' || m.id || '","name":' || to_json(m.name) || '}', ',' order by mentioned.n)
        from comment_mentions as mentioned join members as m on m.id = mentioned.member_id
        where mentioned.tenant_id = tenant and m.tenant_id = tenant and mentioned.comment_id = c.id), '')
      || '],"version":' || c.version || ',"created_at":"' || rfc3339(c.created_at)
      || '","updated_at":"' || rfc3339(c.updated_at)
      || '","edited_at":' || coalesce('"' || rfc3339(c.edited_at) || '"', 'null') || '}',
      array[c.author_id, actor_mention(c.actor)] || array(
        select member_id from comment_mentions as mentioned
        where mentioned.tenant_id = tenant and mentioned.comment_id = c.id)
    from comments as c
    where c.tenant_id = tenant and c.id = any (ids) and (
      select deleted_at is null from tasks where tasks.tenant_id = tenant and tasks.id = c.task_id);
  end if;
end
$$;
revoke execute on function webhook_resources(uuid, text, uuid[]) from public;
grant execute on function webhook_resources(uuid, text, uuid[]) to onetrip_outbox;

-- What this transaction has changed of a tenant, one row for each resource.
-- `changes` has the members as the log has them, from before the first change to after the last; of tags, assignees and
-- blockers of a task those that went, and those that came.
create function changed_resources(tenant uuid) returns table (
  kind text, resource_id uuid, verb text, changes jsonb, actor text, at timestamptz, n bigint)
language sql stable
begin atomic
  with entries as materialized (
    select id as entry, resource_type as part, audit_log.resource_id, action, audit_log.changes, audit_log.actor, audit_log.at,
      case when resource_type in ('tagging', 'assignee', 'dependency') then 'task' else resource_type end as kind
    from audit_log
    where tenant_id = $1 and xid = pg_current_xact_id()
      and resource_type in ('project', 'task', 'tag', 'member', 'comment', 'tagging', 'assignee', 'dependency')
  ),
  -- A tag that is deleted is a change of its own, which counts in no task's version.
  counted as materialized (
    select * from entries where not (
      part = 'tagging' and action = 'delete' and entries.changes #>> '{tag_id,0}' in (
        select resource_id::text from entries where part = 'tag' and action = 'delete'))
  ),
  own as (
    select kind, resource_id, key, (array_agg(value -> 0 order by entry))[1] as before,
      (array_agg(value -> 1 order by entry desc))[1] as after
    from counted, jsonb_each(counted.changes)
    where part = kind
    group by kind, resource_id, key
  ),
  own_changes as (
    select kind, resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from own where before is distinct from after
    group by kind, resource_id
  ),
  related as (
    select resource_id, case part when 'tagging' then 'tags' when 'assignee' then 'assignees' else 'blockers' end as key,
      case part
        when 'tagging' then counted.changes #> '{tag_id,0}'
        when 'dependency' then counted.changes #> '{blocker_id,0}'
        else case when counted.changes #>> '{member_id,0}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,0}', 'role', counted.changes #> '{role,0}') end
      end as before,
      case part
        when 'tagging' then counted.changes #> '{tag_id,1}'
        when 'dependency' then counted.changes #> '{blocker_id,1}'
        else case when counted.changes #>> '{member_id,1}' is not null then jsonb_build_object(
          'id', counted.changes #> '{member_id,1}', 'role', counted.changes #> '{role,1}') end
      end as after,
      entry
    from counted where part <> kind
  ),
  related_changes as (
    select resource_id, jsonb_object_agg(key, jsonb_build_array(before, after)) as changes
    from (
      select resource_id, key,
        coalesce(jsonb_agg(before order by entry) filter (where coalesce(before, 'null') <> 'null'), '[]') as before,
        coalesce(jsonb_agg(after order by entry) filter (where coalesce(after, 'null') <> 'null'), '[]') as after
      from related group by resource_id, key
    ) as by_key
    group by resource_id
  ),
  resources as (
    select kind, resource_id,
      bool_or(part = kind and action = 'insert') as is_new,
      bool_or(part = kind and action in ('delete', 'purge')) as is_gone,
      (array_agg(action order by entry desc) filter (where part = kind and action in ('trash', 'restore')))[1] as moved,
      (array_agg(counted.actor order by entry desc))[1] as actor, max(counted.at) as at, min(entry::text) as first_entry
    from counted group by kind, resource_id
  )
  select r.kind, r.resource_id,
    case
      when is_gone or moved = 'trash' then 'deleted'
      when is_new then 'created'
      when moved = 'restore' then 'restored'
      else 'updated'
    end,
    case when is_gone then '{}' else coalesce(o.changes, '{}') || coalesce(l.changes, '{}') end,
    r.actor, r.at, row_number() over (order by first_entry)
  from resources as r
  left join own_changes as o on o.kind = r.kind and o.resource_id = r.resource_id
  left join related_changes as l on r.kind = 'task' and l.resource_id = r.resource_id
  -- Nobody has heard of what is gone as soon as it is there.
  where not (is_new and (is_gone or moved is not distinct from 'trash'));
end;
revoke execute on function changed_resources(uuid) from public;
grant execute on function changed_resources(uuid) to onetrip_outbox;

-- Writes the deliveries of what this transaction has changed of a tenant.
create function write_deliveries_of(tenant uuid) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  gone uuid[];
begin
  -- Of what is deleted for good no value is kept, in earlier deliveries either.
  select array_agg(resource_id) into gone from audit_log
  where tenant_id = tenant and xid = pg_current_xact_id() and action in ('delete', 'purge')
    and resource_type in ('project', 'task', 'member', 'comment');
  if gone is not null then
    update webhook_deliveries as d
    set people = '{}', body = webhook_body(d.event, d.body::json ->> 'timestamp', tenant, d.resource_type,
      json_build_object('id', d.resource_id)::text, '{}', d.body::json #>> '{data,actor}')
    where d.tenant_id = tenant and d.resource_id = any (gone);
  end if;

  insert into webhook_deliveries (tenant_id, webhook_id, event, resource_type, resource_id, body, people, next_attempt_at)
  with wanted as materialized (
    select c.*, c.kind || '.' || c.verb as event, w.ids as webhook_ids
    from changed_resources(tenant) as c cross join lateral (
      select array_agg(webhooks.id) as ids from webhooks
      where webhooks.tenant_id = tenant and webhooks.events && array['*', c.kind || '.*', c.kind || '.' || c.verb]
    ) as w
    where w.ids is not null
  ),
  shown as materialized (
    select kinds.kind, r.id, r.resource, r.people
    from (select kind, array_agg(resource_id) as ids from wanted where verb <> 'deleted' group by kind) as kinds
    cross join lateral webhook_resources(tenant, kinds.kind, kinds.ids) as r
    union all
    select kind, resource_id, json_build_object('id', resource_id)::text, '{}' from wanted where verb = 'deleted'
  )
  select tenant, webhook.id, e.event, e.kind, e.resource_id,
    webhook_body(e.event, rfc3339(e.at), tenant, e.kind, s.resource, e.changes::text, e.actor),
    array(
      select distinct person from unnest(s.people
        || actor_mention(e.actor) || actor_mention(e.changes #>> '{deleted_by,0}')) as person
      where person is not null),
    -- Where an earlier one has failed, this one waits: it is due once that has arrived (src/db/queries/webhooks/record-attempts.ts).
    coalesce((
      select case first.status when 'failed' then first.next_attempt_at + interval '60 seconds' end
      from webhook_deliveries as first
      where first.tenant_id = tenant and first.webhook_id = webhook.id and first.resource_id = e.resource_id
        and first.next_attempt_at is not null
      order by first.n limit 1), clock_timestamp())
  from wanted as e
  -- A change of what nobody can see, such as an assignment that a trashed task loses, is told to nobody.
  join shown as s on s.kind = e.kind and s.id = e.resource_id
  cross join unnest(e.webhook_ids) as webhook (id)
  order by e.n;
end
$$;
revoke execute on function write_deliveries_of(uuid) from public;
grant execute on function write_deliveries_of(uuid) to onetrip_outbox;

-- Once for each tenant of which the transaction has an entry, whichever of them comes first.
create function write_deliveries() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  transaction constant text := pg_current_xact_id();
  -- The transaction, and the tenants that have had their turn: a setting lasts as long as its session may.
  written text := coalesce(current_setting('app.webhooks_written', true), '');
begin
  if split_part(written, ' ', 1) <> transaction then
    written := transaction;
  elsif strpos(written, new.tenant_id::text) > 0 then
    return null;
  end if;
  perform set_config('app.webhooks_written', written || ' ' || new.tenant_id, true);
  if exists (select from webhooks where tenant_id = new.tenant_id) then
    perform write_deliveries_of(new.tenant_id);
  end if;
  return null;
end
$$;
revoke execute on function write_deliveries() from public;

-- As a stored answer is erased: see without_person(). Of a member who is not deactivated everything stays.
-- SECURITY DEFINER because under a policy PostgreSQL uses no GIN index for &&; the tenant is the caller's.
-- @returns whether nothing is left
create function erase_person_from_deliveries(person uuid, at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant constant uuid := current_tenant();
  who constant text := erasable_subject(person);
  stand_in constant text := 'member:' || person;
  names constant uuid[] := array_remove(array[person, actor_mention(who)], null);
  erased integer;
begin
  if not exists (select from members where tenant_id = tenant and id = person and status = 'deactivated') then
    return true;
  end if;
  update webhook_deliveries as d
  set people = array(select named from unnest(d.people) as named where named <> all (names)),
    body = webhook_body(d.event, d.body::json ->> 'timestamp', tenant, d.resource_type,
      without_person((d.body::json #> '{data,resource}')::text, person, who),
      case when who is null then d.body::json #> '{data,changes}'
        else without_actor((d.body::json #> '{data,changes}')::jsonb, who, stand_in)::json end::text,
      case when d.body::json #>> '{data,actor}' = who then stand_in else d.body::json #>> '{data,actor}' end)
  where d.tenant_id = tenant and d.id in (
    select id from webhook_deliveries where people <> '{}' and people && names and tenant_id = tenant limit at_most);
  get diagnostics erased = row_count;
  return erased < at_most;
end
$$;
revoke execute on function erase_person_from_deliveries(uuid, integer) from public;
grant execute on function erase_person_from_deliveries(uuid, integer) to onetrip_app;

-- `off` is what every batch of a tenant without webhooks says; who says nothing is the scheduled purge, or SQL by hand.
create constraint trigger deliver after insert on audit_log
deferrable initially deferred
for each row when (current_setting('app.webhooks', true) is distinct from 'off' and new.resource_type in (
  'project', 'task', 'tag', 'member', 'comment', 'tagging', 'assignee', 'dependency'))
execute function write_deliveries();

-- Only a role that it can act as may be given a function, and only one that may create there may own it.
grant onetrip_outbox to current_user with inherit false, set true;
grant create on schema public to onetrip_outbox;
alter function write_deliveries() owner to onetrip_outbox;
alter function erase_person_from_deliveries(uuid, integer) owner to onetrip_outbox;
revoke create on schema public from onetrip_outbox;

-- As before, with a limit for the whole transaction, and notes whether the tenant has webhooks.
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

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who migrates has to own what it drops.
grant onetrip_outbox to current_user with inherit true, set true;
drop trigger deliver on audit_log;
drop function erase_person_from_deliveries(uuid, integer);
drop function write_deliveries();
drop function write_deliveries_of(uuid);
drop function changed_resources(uuid);
drop function webhook_resources(uuid, text, uuid[]);
drop function webhook_body(text, text, uuid, text, text, text, text);
drop policy outbox on projects;
drop policy outbox on tasks;
drop policy outbox on tags;
drop policy outbox on task_tags;
drop policy outbox on members;
drop policy outbox on assignees;
drop policy outbox on comments;
drop policy outbox on comment_mentions;
drop policy outbox on stale_tags_json;
drop policy outbox on audit_log;
drop policy outbox on webhooks;
drop policy outbox on webhook_deliveries;
revoke all on tenants, projects, tasks, tags, task_tags, members, assignees, comments, comment_mentions, stale_tags_json,
  audit_log, webhooks, webhook_deliveries from onetrip_outbox;
revoke execute on function
  current_tenant(), rfc3339(timestamptz), tag_json(uuid, text, text), tags_json_of(uuid, uuid),
  assignee_json(uuid, text, text, timestamptz), assignees_json_of(uuid, uuid),
  own_json_of(uuid, uuid, uuid, text, text, integer, date, double precision, timestamptz, integer, text, timestamptz, timestamptz),
  task_own_json(uuid, uuid), actor_mention(text), without_person(text, uuid, text),
  without_actor(jsonb, text, text), erasable_subject(uuid)
from onetrip_outbox;

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
