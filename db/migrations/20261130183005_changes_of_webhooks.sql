-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table webhooks alter column changed_xid set default current_change();

-- Who delivers pauses webhooks, which notes on them by what they were changed.
grant execute on function current_change(), current_operation() to onetrip_courier;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

revoke execute on function current_change(), current_operation() from onetrip_courier;
alter table webhooks alter column changed_xid set default pg_current_xact_id();
