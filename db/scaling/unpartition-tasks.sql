-- Takes partition-tasks.sql back, with the rows.
--
--   psql "$OWNER_URL" -1 -v ON_ERROR_STOP=1 -f db/scaling/rebuild-table.sql -f db/scaling/unpartition-tasks.sql

set local lock_timeout = '2s';
set local statement_timeout = 0;
set local maintenance_work_mem = '256MB';

lock table projects, tasks, tags, task_tags, members, assignees, dependencies, comments in access exclusive mode;

select pg_temp.rebuild_table('tasks', 0);
select pg_temp.rebuild_table('task_tags', 0);

analyze tasks, task_tags;
