-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Which projects and tasks a stored answer tells of: so a purge finds the answers that it has to erase by an index,
-- without reading what is stored.
create table idempotency_mentions (
  tenant_id uuid not null,
  resource_id uuid not null,
  key text collate "C" not null,
  primary key (tenant_id, resource_id, key),
  foreign key (tenant_id, key) references idempotency_keys (tenant_id, key) on delete cascade
);

create index idempotency_mentions_by_key on idempotency_mentions (tenant_id, key);

alter table idempotency_mentions enable row level security;
alter table idempotency_mentions force row level security;

create policy tenant on idempotency_mentions to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, delete on idempotency_mentions to onetrip_app;

-- Octets of the body.
alter table idempotency_keys add column bytes integer;

-- The ids in an answer whose values a purge erases: the resource's own, its project's and those of its tasks.
create function mentioned_ids(answer json) returns setof uuid
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

-- Keeps the size and the mentions of a stored answer, and bounds what a tenant can have stored: an answer is of 8 MiB at
-- most, and all that are larger than 4 KiB of 128 MiB. How many small ones there are is bounded by the rate of requests.
create function keep_stored_answer() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  stored bigint;
  seconds integer;
begin
  new.bytes := octet_length(new.body);
  if old.body is not null then
    -- It is forgotten, or was stored before there was a bound.
    null;
  elsif new.bytes > 4096 then
    select coalesce(sum(bytes), 0), ceil(extract(epoch from min(expires_at) - clock_timestamp()))
    into stored, seconds
    from idempotency_keys
    where tenant_id = new.tenant_id and bytes > 4096 and expires_at > now() and key <> new.key;
    if stored + new.bytes > 128 * 1024 * 1024 then
      perform must(false, json_build_object(
        'code', 'rate_limited',
        'detail', 'The answers stored for the Idempotency-Keys of this tenant take up 128 MiB; each is kept for 24 hours. Send no key, or ask for smaller answers, where the request has a task_limit.',
        'headers', json_build_object(
          'Retry-After', greatest(seconds, 1)::text,
          'RateLimit', format('"stored-answers";r=0;t=%s', greatest(seconds, 1)),
          'RateLimit-Policy', '"stored-answers";q=134217728;qu="content-bytes";w=86400')));
    end if;
  end if;
  delete from idempotency_mentions where tenant_id = new.tenant_id and key = new.key;
  insert into idempotency_mentions (tenant_id, resource_id, key)
  select new.tenant_id, id, new.key from mentioned_ids(new.body::json) as id;
  return new;
end
$$;

create trigger stored_answer before update of body on idempotency_keys
for each row execute function keep_stored_answer();

-- Takes the key for this transaction, or ends it: OT001 when the same request has been answered (the stored answer is
-- fetched then), a problem when another request has, or when the first is still running after 500 ms. Who waited longer
-- would hold a connection that other tenants need. The timeout is caught here because no other one means this: who alters
-- the table is waited for before, as long as usual.
create or replace function claim_idempotency_key(wanted text, hash text) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
declare
  first_hash text;
  usual constant text := current_setting('lock_timeout');
begin
  lock table idempotency_keys in row exclusive mode;
  begin
    perform set_config('lock_timeout', '500ms', true);
    insert into idempotency_keys (tenant_id, key, request_hash)
    values (current_tenant(), wanted, hash)
    on conflict (tenant_id, key) do update
    set request_hash = excluded.request_hash, status = null, body = null, etag = null, location = null,
      expires_at = excluded.expires_at
    where idempotency_keys.expires_at < now();
  exception when lock_not_available then
    perform must(false, json_build_object(
      'code', 'conflict',
      'detail', 'The first request with this Idempotency-Key is still running.',
      'headers', json_build_object('Retry-After', '1')));
  end;
  if found then
    perform set_config('lock_timeout', usual, true);
    return;
  end if;
  select request_hash into first_hash from idempotency_keys where tenant_id = current_tenant() and key = wanted;
  perform must(first_hash is not distinct from hash, json_build_object(
    'code', 'unprocessable', 'detail', 'This Idempotency-Key was used with another request.'));
  raise exception using errcode = 'OT001', message = 'idempotency key answered already';
end
$$;

-- For the file after the next, which fills the table: row-level security holds for the owner too.
create policy backfill on idempotency_keys to current_user using (true) with check (true);
create policy backfill on idempotency_mentions to current_user using (true) with check (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create or replace function claim_idempotency_key(wanted text, hash text) returns void
language plpgsql volatile as $$
declare
  first_hash text;
begin
  insert into idempotency_keys (tenant_id, key, request_hash)
  values (current_tenant(), wanted, hash)
  on conflict (tenant_id, key) do update
  set request_hash = excluded.request_hash, status = null, body = null, etag = null, location = null,
    expires_at = excluded.expires_at
  where idempotency_keys.expires_at < now();
  if found then
    return;
  end if;
  select request_hash into first_hash from idempotency_keys where tenant_id = current_tenant() and key = wanted;
  perform must(first_hash is not distinct from hash, json_build_object(
    'code', 'unprocessable', 'detail', 'This Idempotency-Key was used with another request.'));
  raise exception using errcode = 'OT001', message = 'idempotency key answered already';
exception when lock_not_available then
  perform must(false, json_build_object(
    'code', 'conflict', 'detail', 'The first request with this Idempotency-Key is still running.'));
end
$$;

drop policy backfill on idempotency_keys;
drop trigger stored_answer on idempotency_keys;
drop function keep_stored_answer;
drop function mentioned_ids;
-- squawk-ignore ban-drop-column
alter table idempotency_keys drop column bytes;
drop table idempotency_mentions;
