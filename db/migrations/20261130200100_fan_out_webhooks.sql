-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

grant update (next_attempt_at) on webhook_deliveries to onetrip_outbox;

-- Only a role that it can act as may be given a function, and only one that may create there may own it.
grant onetrip_outbox to current_user with inherit true, set true;
grant create on schema public to onetrip_outbox;

-- Keeps, until the transaction ends, deliveries of the tenant from being made of what is in the outbox: who erases values from both
-- would otherwise not see those that are being made. The first of the two numbers is what the lock is for.
create function lock_webhook_outbox(tenant uuid) returns void
language sql volatile
begin atomic
  select pg_advisory_xact_lock(3, hashtext(tenant::text));
end;
revoke execute on function lock_webhook_outbox(uuid) from public;
grant execute on function lock_webhook_outbox(uuid) to onetrip_outbox, onetrip_app;

-- Writes what is to be told of what this transaction has changed of a tenant, one row for each resource.
create or replace function write_deliveries_of(tenant uuid) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  gone uuid[];
begin
  -- Of what is deleted for good no value is kept, in earlier deliveries either.
  select array_agg(resource_id) into gone from audit_log
  where tenant_id = tenant and xid = pg_current_xact_id() and action in ('delete', 'purge')
    and resource_type in ('project', 'task', 'member', 'comment');
  if gone is not null then
    perform lock_webhook_outbox(tenant);
    update webhook_outbox as d
    set people = '{}', body = webhook_body(d.event, d.body::json ->> 'timestamp', tenant, d.resource_type,
      json_build_object('id', d.resource_id)::text, '{}', d.body::json #>> '{data,actor}')
    where d.tenant_id = tenant and d.resource_id = any (gone);
    update webhook_deliveries as d
    set people = '{}', body = webhook_body(d.event, d.body::json ->> 'timestamp', tenant, d.resource_type,
      json_build_object('id', d.resource_id)::text, '{}', d.body::json #>> '{data,actor}')
    where d.tenant_id = tenant and d.resource_id = any (gone);
  end if;

  insert into webhook_outbox (
    tenant_id, event, resource_type, resource_id, body, people, webhook_ids, comment_webhook_ids)
  with changed as materialized (
    select *, kind || '.' || verb as event from changed_resources(tenant)
  ),
  takers as materialized (
    select e.event,
      array(
        select id from webhooks
        where webhooks.tenant_id = tenant and webhooks.events && array['*', e.kind || '.*', e.event]) as webhook_ids,
      array(
        select id from webhooks
        where e.kind = 'task' and e.verb in ('deleted', 'restored')
          and webhooks.tenant_id = tenant and webhooks.events && array['*', 'comment.*', 'comment.' || e.verb]
      ) as comment_webhook_ids
    from (select distinct kind, verb, event from changed) as e
  ),
  wanted as materialized (
    select c.*, t.webhook_ids, coalesce((
      select t.comment_webhook_ids from tasks
      where t.comment_webhook_ids <> '{}' and tasks.tenant_id = tenant and tasks.id = c.resource_id and tasks.comment_count > 0
    ), '{}') as comment_webhook_ids
    from changed as c join takers as t on t.event = c.event
  ),
  shown as materialized (
    select kinds.kind, r.id, r.resource, r.people
    from (select kind, array_agg(resource_id) as ids from wanted where verb <> 'deleted' group by kind) as kinds
    cross join lateral webhook_resources(tenant, kinds.kind, kinds.ids) as r
    union all
    select kind, resource_id, json_build_object('id', resource_id)::text, '{}' from wanted where verb = 'deleted'
  )
  select tenant, e.event, e.kind, e.resource_id,
    webhook_body(e.event, rfc3339(e.at), tenant, e.kind, s.resource, e.changes::text, e.actor),
    array(
      select distinct person from unnest(s.people
        || actor_mention(e.actor) || actor_mention(e.changes #>> '{deleted_by,0}')) as person
      where person is not null),
    e.webhook_ids, e.comment_webhook_ids
  from wanted as e
  -- A change of what nobody can see, such as an assignment that a trashed task loses, is told to nobody.
  join shown as s on s.kind = e.kind and s.id = e.resource_id
  where e.webhook_ids <> '{}' or e.comment_webhook_ids <> '{}'
  order by e.n;
end
$$;

-- Writes one delivery for each of these webhooks that is still there.
create function write_webhook_deliveries(
  tenant uuid, takers uuid[], told text, kind text, resource uuid, body text, named uuid[], at timestamptz
) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into webhook_deliveries (
    tenant_id, webhook_id, event, resource_type, resource_id, body, people, created_at, next_attempt_at)
  select tenant, webhooks.id, told, kind, resource, write_webhook_deliveries.body, named, at,
    -- The last one that waits is locked: it may be arriving at this very moment, and whoever notes that has to see this one.
    case when (
      select id from webhook_deliveries as waiting
      where waiting.tenant_id = tenant and waiting.webhook_id = webhooks.id and waiting.resource_id = resource
        and waiting.next_attempt_at is not null
      order by waiting.n desc limit 1 for no key update
    ) is null then at else 'infinity' end
  from webhooks
  where webhooks.tenant_id = tenant and webhooks.id = any (takers)
  order by webhooks.id;
end
$$;
revoke execute on function write_webhook_deliveries(uuid, uuid[], text, text, uuid, text, uuid[], timestamptz) from public;
grant execute on function write_webhook_deliveries(uuid, uuid[], text, text, uuid, text, uuid[], timestamptz) to onetrip_outbox;

-- Makes deliveries, so many at most, of what is in a tenant's outbox, in its order. Those of a resource that wait for an
-- earlier one are due once that has arrived: until then they are `infinity` (src/db/queries/webhooks/record-attempts.ts).
-- SECURITY DEFINER because who delivers sees no resources of the tenant, and may write no deliveries of its own.
-- Gives false where somebody else is at it, or erases values from it, and nothing has been done.
create function fan_out_webhooks(tenant uuid, at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  change webhook_outbox;
  remaining integer := at_most;
  done bigint[] := '{}';
  found uuid[];
  page integer;
begin
  if not exists (select from webhook_outbox where tenant_id = tenant) then
    return true;
  end if;
  -- One at a time, so that the order is kept. Whoever comes second leaves it to the first, or to the next claim.
  if not pg_try_advisory_xact_lock(3, hashtext(tenant::text)) then
    return false;
  end if;
  for change in select * from webhook_outbox where tenant_id = tenant order by n limit at_most loop
    exit when remaining <= 0;
    if change.comments_told_id is null then
      perform write_webhook_deliveries(tenant, change.webhook_ids, change.event, change.resource_type, change.resource_id,
        change.body, change.people, change.created_at);
      remaining := remaining - cardinality(change.webhook_ids);
    end if;
    if change.comment_webhook_ids <> '{}' then
      -- Those that there were. One that was made with the change itself has an event of its own.
      page := greatest(remaining / cardinality(change.comment_webhook_ids), 1);
      found := array(
        select id from comments
        where tenant_id = tenant and task_id = change.resource_id and created_at <= change.created_at
          and (created_at, id) > (
            coalesce(change.comments_told_until, '-infinity'),
            coalesce(change.comments_told_id, '00000000-0000-0000-0000-000000000000'))
        order by created_at, id limit page);
      perform write_webhook_deliveries(tenant, change.comment_webhook_ids, told.event, 'comment', told.id,
        webhook_body(told.event, change.body::json ->> 'timestamp', tenant, 'comment', told.resource, '{}', told.actor),
        array(select distinct person from unnest(told.people || actor_mention(told.actor)) as person where person is not null),
        change.created_at)
      from (
        select 'comment' || substr(change.event, 5) as event, change.body::json #>> '{data,actor}' as actor, listed.place, shown.*
        from unnest(found) with ordinality as listed (id, place)
        join (
          select id, json_build_object('id', id)::text as resource, '{}'::uuid[] as people from unnest(found) as id
          where change.event = 'task.deleted'
          union all
          select * from webhook_resources(tenant, 'comment', found) where change.event = 'task.restored'
        ) as shown on shown.id = listed.id
        where not exists (
          select from audit_log
          where audit_log.tenant_id = tenant and audit_log.resource_id = listed.id and action = 'insert' and xid = change.xid
            -- Of a tenant that has been moved, all rows have this one.
            and xid <> '0')
        -- Nor has one that began earlier and is told later.
        and not exists (
          select from webhook_outbox as later
          where later.tenant_id = tenant and later.n > change.n and later.resource_id = listed.id
            and later.event = 'comment.created')
        order by listed.place
      ) as told;
      remaining := remaining - cardinality(found) * cardinality(change.comment_webhook_ids);
      if cardinality(found) = page then
        update webhook_outbox set (comments_told_until, comments_told_id) = (
          select created_at, id from comments where comments.tenant_id = tenant and comments.id = found[page])
        where tenant_id = tenant and n = change.n;
        exit;
      end if;
    end if;
    done := done || change.n;
  end loop;
  delete from webhook_outbox where tenant_id = tenant and n = any (done);
  return true;
end
$$;
revoke execute on function fan_out_webhooks(uuid, integer) from public;
grant execute on function fan_out_webhooks(uuid, integer) to onetrip_courier;

-- The body of a delivery without a person: see without_person().
create function webhook_body_without(
  sent json, told text, tenant uuid, kind text, person uuid, who text, stand_in text
) returns text
language sql stable
return webhook_body(told, sent ->> 'timestamp', tenant, kind,
  without_person((sent #> '{data,resource}')::text, person, who),
  case when who is null then sent #> '{data,changes}'
    else without_actor((sent #> '{data,changes}')::jsonb, who, stand_in)::json end::text,
  case when sent #>> '{data,actor}' = who then stand_in else sent #>> '{data,actor}' end);
revoke execute on function webhook_body_without(json, text, uuid, text, uuid, text, text) from public;
grant execute on function webhook_body_without(json, text, uuid, text, uuid, text, text) to onetrip_outbox;

-- As before, and from what is in the outbox.
create or replace function erase_person_from_deliveries(person uuid, at_most integer) returns boolean
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  tenant constant uuid := current_tenant();
  who constant text := erasable_subject(person);
  stand_in constant text := 'member:' || person;
  names constant uuid[] := array_remove(array[person, actor_mention(who)], null);
  remaining integer := at_most;
  erased integer;
begin
  if not exists (select from members where tenant_id = tenant and id = person and status = 'deactivated') then
    return true;
  end if;
  perform lock_webhook_outbox(tenant);
  update webhook_outbox as d
  set people = array(select named from unnest(d.people) as named where named <> all (names)),
    body = webhook_body_without(d.body::json, d.event, tenant, d.resource_type, person, who, stand_in)
  where d.tenant_id = tenant and d.n in (
    select n from webhook_outbox where tenant_id = tenant and people && names limit remaining);
  get diagnostics erased = row_count;
  remaining := remaining - erased;
  update webhook_deliveries as d
  set people = array(select named from unnest(d.people) as named where named <> all (names)),
    body = webhook_body_without(d.body::json, d.event, tenant, d.resource_type, person, who, stand_in)
  where d.tenant_id = tenant and d.id in (
    select id from webhook_deliveries where people <> '{}' and people && names and tenant_id = tenant limit remaining);
  get diagnostics erased = row_count;
  return erased < remaining;
end
$$;

-- Once for each tenant of which the transaction has an entry, whichever of them comes first. A database that took an earlier draft
-- of 20261130181200 has another one.
create or replace function write_deliveries() returns trigger
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

-- Who delivers has a context of its own, in which it is not the platform.
create function set_courier_context(actor text, request_id text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  perform
    set_config('app.tenant_id', '', true),
    set_config('app.role', 'courier', true),
    set_config('app.actor', coalesce(actor, ''), true),
    set_config('app.request_id', request_id, true),
    set_config('statement_timeout', '10s', true),
    set_config('lock_timeout', '5s', true),
    set_config('timezone', 'UTC', true),
    set_config('jit', 'off', true),
    set_config('enable_seqscan', 'off', true);
  -- Before anything is read, so that whoever waits for this transaction by its id knows what it can have read.
  if not current_setting('transaction_read_only')::boolean then
    perform pg_current_xact_id();
  end if;
end
$$;
revoke execute on function set_courier_context(text, text) from public;
grant execute on function set_courier_context(text, text) to onetrip_courier;

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

alter function fan_out_webhooks(uuid, integer) owner to onetrip_outbox;
revoke create on schema public from onetrip_outbox;
grant onetrip_outbox to current_user with inherit false, set true;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '10min';

-- Who migrates has to own what it drops, and sees what a policy lets it see. What has been written is still to be delivered.
grant onetrip_outbox to current_user with inherit true, set true;
do $$
declare
  waiting uuid;
begin
  loop
    select tenant_id into waiting from webhook_outbox limit 1;
    exit when not found;
    perform fan_out_webhooks(waiting, 1000);
  end loop;
end
$$;
update webhook_deliveries set next_attempt_at = clock_timestamp() where next_attempt_at = 'infinity';

drop function fan_out_webhooks(uuid, integer);
drop function write_webhook_deliveries(uuid, uuid[], text, text, uuid, text, uuid[], timestamptz);
drop function set_courier_context(text, text);
revoke update (next_attempt_at) on webhook_deliveries from onetrip_outbox;

create or replace function write_deliveries_of(tenant uuid) returns void
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

create or replace function erase_person_from_deliveries(person uuid, at_most integer) returns boolean
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

drop function webhook_body_without(json, text, uuid, text, uuid, text, text);
drop function lock_webhook_outbox(uuid);

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
end
$$;

grant onetrip_outbox to current_user with inherit false, set true;
