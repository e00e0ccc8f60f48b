-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Where a delivery is deleted for which others of its resource wait, such as one that is 30 days old, the next of them is due.
-- SECURITY DEFINER because who deletes may change no delivery.
create function promote_deliveries() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  update webhook_deliveries as d set next_attempt_at = clock_timestamp()
  from (select distinct tenant_id, webhook_id, resource_id from gone where next_attempt_at is not null) as freed
  cross join lateral (
    select first.id from webhook_deliveries as first
    where first.tenant_id = freed.tenant_id and first.webhook_id = freed.webhook_id
      and first.resource_id = freed.resource_id and first.next_attempt_at is not null
    order by first.n limit 1) as next
  where d.tenant_id = freed.tenant_id and d.id = next.id and d.next_attempt_at = 'infinity';
  return null;
end
$$;
revoke execute on function promote_deliveries() from public;

create trigger promote after delete on webhook_deliveries referencing old table as gone
for each statement execute function promote_deliveries();

-- Only a role that it can act as may be given a function, and only one that may create there may own it.
grant create on schema public to onetrip_outbox;
alter function promote_deliveries() owner to onetrip_outbox;
revoke create on schema public from onetrip_outbox;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop trigger promote on webhook_deliveries;
grant onetrip_outbox to current_user with inherit true, set true;
drop function promote_deliveries();
grant onetrip_outbox to current_user with inherit false, set true;
