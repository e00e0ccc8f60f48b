-- migrate:up transaction:false

-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently audit_log_by_actor on audit_log (tenant_id, actor, at desc, id desc) where actor is not null;

-- migrate:down transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists audit_log_by_actor;
