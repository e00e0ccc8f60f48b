-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- `not valid`: a later file validates it.
alter table audit_log drop constraint audit_log_resource_type_check;
alter table audit_log add constraint audit_log_resource_type_check check (
  resource_type in (
    'project', 'task', 'tag', 'tagging', 'tenant', 'member', 'api_key', 'assignee', 'dependency', 'comment', 'webhook')
) not valid;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- The owner, too, sees only what a policy lets it see.
alter table audit_log no force row level security;
delete from audit_log where resource_type = 'webhook';
alter table audit_log force row level security;
alter table audit_log drop constraint audit_log_resource_type_check;
-- squawk-ignore constraint-missing-not-valid
alter table audit_log add constraint audit_log_resource_type_check check (
  resource_type in (
    'project', 'task', 'tag', 'tagging', 'tenant', 'member', 'api_key', 'assignee', 'dependency', 'comment')
);
