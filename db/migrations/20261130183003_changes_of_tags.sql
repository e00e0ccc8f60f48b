-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table tags alter column changed_xid set default current_change();

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table tags alter column changed_xid set default pg_current_xact_id();
