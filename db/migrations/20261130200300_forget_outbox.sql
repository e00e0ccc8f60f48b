-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- With a tenant's last webhook goes what is still to be told: without webhooks, nothing erases from it what is purged.
-- SECURITY DEFINER because who deletes a webhook has no right to the outbox.
create function forget_outbox() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  delete from webhook_outbox
  where tenant_id in (select tenant_id from gone) and not exists (
    select from webhooks where webhooks.tenant_id = webhook_outbox.tenant_id);
  return null;
end
$$;
revoke execute on function forget_outbox() from public;

create trigger forget_outbox after delete on webhooks referencing old table as gone
for each statement execute function forget_outbox();

-- The same in portions, before that, where there are very many: nothing comes where the tenant has another webhook.
create function forget_some_of_outbox(webhook uuid, at_most integer) returns void
language sql volatile security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  delete from webhook_outbox
  where tenant_id = current_tenant()
    and n = any (array(select n from webhook_outbox where tenant_id = current_tenant() order by n limit at_most))
    and not exists (select from webhooks where tenant_id = current_tenant() and id <> webhook);
end;
revoke execute on function forget_some_of_outbox(uuid, integer) from public;
grant execute on function forget_some_of_outbox(uuid, integer) to onetrip_app;

-- Only a role that it can act as may be given a function, and only one that may create there may own it.
grant create on schema public to onetrip_outbox;
alter function forget_outbox() owner to onetrip_outbox;
alter function forget_some_of_outbox(uuid, integer) owner to onetrip_outbox;
revoke create on schema public from onetrip_outbox;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop trigger forget_outbox on webhooks;
grant onetrip_outbox to current_user with inherit true, set true;
drop function forget_outbox();
drop function forget_some_of_outbox(uuid, integer);
grant onetrip_outbox to current_user with inherit false, set true;
