-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10min';

alter table audit_log validate constraint audit_log_resource_type_check;

-- migrate:down

-- Nothing to undo: the file that added the constraint drops it.
