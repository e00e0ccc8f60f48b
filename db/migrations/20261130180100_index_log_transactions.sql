-- migrate:up transaction:false

-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently audit_log_by_transaction on audit_log (tenant_id, xid, id);

-- migrate:down transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists audit_log_by_transaction;
