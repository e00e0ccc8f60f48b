-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Whatever ANALYZE has seen of subtasks, the planner is to believe that a task has few: where all tasks of a large project
-- lay below one, it took any index for as good as the one on parents, and deleting 2 600 of them looked through all of them
-- 2 600 times, which took 12 to 19 s.
alter table tasks alter column parent_id set statistics 0;
select pg_clear_attribute_stats('public', 'tasks', 'parent_id', false);
select pg_restore_attribute_stats(
  'schemaname', 'public', 'relname', 'tasks', 'attname', 'parent_id', 'inherited', false,
  'null_frac', 0.5::real, 'avg_width', 16, 'n_distinct', -0.2::real);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table tasks alter column parent_id set statistics default;
select pg_clear_attribute_stats('public', 'tasks', 'parent_id', false);
