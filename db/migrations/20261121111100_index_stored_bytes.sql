-- migrate:up transaction:false

-- See keep_stored_answer(), which adds them up.
-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently idempotency_keys_large on idempotency_keys (tenant_id, expires_at, bytes) where bytes > 4096;

-- migrate:down transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists idempotency_keys_large;
