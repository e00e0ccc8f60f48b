-- migrate:up transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists tasks_by_parent;

-- migrate:down transaction:false

-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently tasks_by_parent on tasks (tenant_id, project_id, parent_id);
