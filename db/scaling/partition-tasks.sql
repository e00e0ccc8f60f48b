-- Parts tasks and their taggings by tenant: 16 partitions by hash each. Not a migration of the release, for the API
-- is the same on both; docs/scaling.md says when it pays, and how long the tables are locked.
--
--   psql "$OWNER_URL" -1 -v ON_ERROR_STOP=1 -f db/scaling/rebuild-table.sql -f db/scaling/partition-tasks.sql

set local lock_timeout = '2s';
set local statement_timeout = 0;
set local maintenance_work_mem = '256MB';

-- All at once and in the order of requests, so that neither can wait for the other.
lock table projects, tasks, tags, task_tags, members, assignees, dependencies, comments in access exclusive mode;

select pg_temp.rebuild_table('tasks', 16);
select pg_temp.rebuild_table('task_tags', 16);

analyze tasks, task_tags;
