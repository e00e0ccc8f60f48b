-- migrate:up transaction:false

-- The only statement of its file, because dbmate sends a file at once, which would make a transaction of two. It waits
-- for every transaction that is running, and nobody waits for it: so no timeout. If it fails it leaves an invalid index,
-- over which "if not exists" would pass in silence: drop that, then apply this file again.
-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently tasks_by_estimate on tasks (tenant_id, estimate, id) where deleted_at is null;

-- migrate:down transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists tasks_by_estimate;
