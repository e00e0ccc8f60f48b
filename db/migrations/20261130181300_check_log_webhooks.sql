-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '10min';

alter table audit_log validate constraint audit_log_resource_type_check;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table audit_log drop constraint audit_log_resource_type_check;
alter table audit_log add constraint audit_log_resource_type_check check (
  resource_type in (
    'project', 'task', 'tag', 'tagging', 'tenant', 'member', 'api_key', 'assignee', 'dependency', 'comment', 'webhook')
) not valid;
