-- migrate:up transaction:false

-- In place of tasks_by_parent, which the next file drops. Partial, so that it serves what asks for a parent and nothing else:
-- where statistics take the table for nearly empty, the planner found that one, by the tenant alone, as good as the primary
-- key for looking up a task by its id, and a purge of 2 600 tasks read 22 million entries of it.
-- squawk-ignore ban-concurrent-index-creation-in-transaction, prefer-robust-stmts, require-lock-timeout, require-statement-timeout
create index concurrently tasks_below on tasks (tenant_id, project_id, parent_id) where parent_id is not null;

-- migrate:down transaction:false

-- squawk-ignore require-lock-timeout, require-statement-timeout
drop index concurrently if exists tasks_below;
