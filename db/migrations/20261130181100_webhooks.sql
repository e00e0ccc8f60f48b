-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who delivers works for all tenants, and logs in as a role of its own, a member of onetrip_courier.
-- The role onetrip_outbox writes what is to be delivered; nobody logs in as it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'onetrip_courier') then
    create role onetrip_courier nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'onetrip_outbox') then
    create role onetrip_outbox nologin;
  end if;
end
$$;
grant usage on schema public to onetrip_courier, onetrip_outbox;

-- Where a tenant wants to be told of changes.
create table webhooks (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  url text not null check (char_length(url) between 1 and 2048),
  -- Names of events, `<type>.*`, or `*`.
  events text[] not null check (cardinality(events) between 1 and 50),
  status text not null default 'active' check (status in ('active', 'paused')),
  -- Why it is paused; null where it is not.
  paused_reason text,
  description text check (char_length(description) <= 1000),
  secret_rotated_at timestamptz(3) not null default now(),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_version().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  constraint webhooks_paused_for_a_reason check ((status = 'paused') = (paused_reason is not null))
);

select expect_distinct('webhooks', 'tenant_id', 20);

create index webhooks_by_age on webhooks (tenant_id, created_at desc, id desc);

alter table webhooks enable row level security;
alter table webhooks force row level security;

create policy tenant on webhooks to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on webhooks to onetrip_app;

create trigger stamp before update on webhooks
for each row execute function stamp_version('webhook');

create trigger audit_insert after insert on webhooks referencing new table as new_rows
for each statement execute function write_audit_log('webhook', 'id');
create trigger audit_update after update on webhooks referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('webhook', 'id');
create trigger audit_delete after delete on webhooks referencing old table as old_rows
for each statement execute function write_audit_log('webhook', 'id');

-- The secrets that sign, encrypted with a key that the database does not know. Apart from the webhooks, so that neither the
-- audit log nor whoever serves requests reads them.
create table webhook_secrets (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  webhook_id uuid not null,
  sealed text not null,
  -- Until when it signs, once another one has taken its place.
  expires_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, webhook_id) references webhooks (tenant_id, id) on delete cascade
);

select expect_distinct('webhook_secrets', 'tenant_id', 20);

create index webhook_secrets_by_webhook on webhook_secrets (tenant_id, webhook_id, id);

alter table webhook_secrets enable row level security;
alter table webhook_secrets force row level security;

create policy tenant on webhook_secrets to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select (tenant_id, id, webhook_id, expires_at), insert, update (expires_at), delete
on webhook_secrets to onetrip_app;

-- What is to be delivered, and what has been, for 30 days: one row for each webhook and change.
create table webhook_deliveries (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  webhook_id uuid not null,
  -- The order in which they were written: of two changes of one resource the later one has the higher number, because it
  -- waited for the first one's locks.
  n bigint generated always as identity,
  event text not null,
  resource_type text not null,
  resource_id uuid not null,
  -- What is sent, made with the change.
  body text not null,
  -- The people whom it names, by their ids, and actors as actor_mention() has them.
  people uuid[] not null default '{}',
  -- `failed`: tried in vain, and to be tried again.
  status text not null default 'pending' check (status in ('pending', 'failed', 'delivered')),
  -- How often it has been tried, since it was last started from the beginning.
  attempt integer not null default 0,
  -- When it is due; null once it has been delivered. While it is being tried, the time at which whoever does so counts as gone.
  next_attempt_at timestamptz(3) default clock_timestamp(),
  tried_at timestamptz(3),
  -- How long the last try took.
  ms integer,
  http_status integer,
  -- The first 1 KiB of the last answer.
  response text,
  -- Why there was no answer.
  error text,
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, id),
  foreign key (tenant_id, webhook_id) references webhooks (tenant_id, id) on delete cascade,
  constraint webhook_deliveries_due_until_delivered check ((status = 'delivered') = (next_attempt_at is null))
);

select expect_distinct('webhook_deliveries', 'tenant_id', 20);

create index webhook_deliveries_by_age on webhook_deliveries (tenant_id, webhook_id, created_at desc, id desc);
create index webhook_deliveries_tried on webhook_deliveries (tenant_id, webhook_id, tried_at desc)
where tried_at is not null;
create index webhook_deliveries_due on webhook_deliveries (tenant_id, webhook_id, next_attempt_at)
where next_attempt_at is not null;
create index webhook_deliveries_in_order on webhook_deliveries (tenant_id, webhook_id, resource_id, n)
where next_attempt_at is not null;
create index webhook_deliveries_by_resource on webhook_deliveries (tenant_id, resource_id);
create index webhook_deliveries_old on webhook_deliveries (created_at);
create index webhook_deliveries_people on webhook_deliveries using gin (people) where people <> '{}';

alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;

create policy tenant on webhook_deliveries to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update (status, attempt, next_attempt_at), delete on webhook_deliveries to onetrip_app;

-- Who delivers reads all tenants' webhooks and secrets, and notes what came of it. It sees no other row of theirs.
grant select (id, status) on tenants to onetrip_courier;
create policy courier on tenants for select to onetrip_courier using (status = 'active');
grant select, update (status, paused_reason) on webhooks to onetrip_courier;
create policy courier on webhooks to onetrip_courier using (true);
grant select on webhook_secrets to onetrip_courier;
create policy courier on webhook_secrets for select to onetrip_courier using (true);
grant select, update (status, attempt, next_attempt_at, tried_at, ms, http_status, response, error)
on webhook_deliveries to onetrip_courier;
create policy courier on webhook_deliveries to onetrip_courier using (true);
grant execute on function set_platform_context(text, text) to onetrip_courier;

-- The scheduled purge: what is 30 days old, and a tenant that is being deleted.
grant select, delete on webhook_deliveries to onetrip_janitor;
create policy janitor on webhook_deliveries to onetrip_janitor using (created_at < now() - interval '30 days');
create policy deletion on webhook_deliveries to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table webhook_deliveries;
drop table webhook_secrets;
drop table webhooks;
drop policy courier on tenants;
revoke select (id, status) on tenants from onetrip_courier;
revoke execute on function set_platform_context(text, text) from onetrip_courier;
revoke usage on schema public from onetrip_courier, onetrip_outbox;

-- A role with which somebody logs in, or which another database of the cluster needs, stays.
do $$
declare
  ours text;
begin
  foreach ours in array '{onetrip_courier,onetrip_outbox}'::text[] loop
    if not exists (
      select from pg_auth_members where roleid = ours::regrole and member <> current_user::regrole
    ) then
      begin
        execute format('drop role %I', ours);
      exception when dependent_objects_still_exist then
        null;
      end;
    end if;
  end loop;
end
$$;
