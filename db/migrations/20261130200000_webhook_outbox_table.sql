-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What has changed and is to be told, one row for each change, however many webhooks take it: written in the transaction of the
-- change, and made into deliveries by who delivers (fan_out_webhooks()), who takes it away then.
create table webhook_outbox (
  tenant_id uuid not null references tenants (id) on delete cascade,
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
  -- The webhooks that there were, and that take it.
  webhook_ids uuid[] not null,
  -- Of a task that goes to the trash or comes back: those that are told the same of each of its comments, which can be very many.
  comment_webhook_ids uuid[] not null default '{}',
  -- The last of the comments that have been told.
  comments_told_until timestamptz(3),
  comments_told_id uuid,
  xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default clock_timestamp(),
  primary key (tenant_id, n)
);

select expect_distinct('webhook_outbox', 'tenant_id', 20);

create index webhook_outbox_by_resource on webhook_outbox (tenant_id, resource_id);
create index webhook_outbox_by_age on webhook_outbox (created_at);

alter table webhook_outbox enable row level security;
alter table webhook_outbox force row level security;

create policy tenant on webhook_outbox to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

-- Who serves requests may not write it: a trigger does.
grant select on webhook_outbox to onetrip_app;

grant select, insert, update, delete on webhook_outbox to onetrip_outbox;
create policy outbox on webhook_outbox to onetrip_outbox using (true) with check (true);

-- Who delivers sees which tenants have something there, and since when.
grant select (tenant_id, created_at) on webhook_outbox to onetrip_courier;
create policy courier on webhook_outbox for select to onetrip_courier using (true);

-- The scheduled purge: what is 30 days old, and a tenant that is being deleted.
grant select, delete on webhook_outbox to onetrip_janitor;
create policy janitor on webhook_outbox to onetrip_janitor using (created_at < now() - interval '30 days');
create policy deletion on webhook_outbox to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table webhook_outbox;
