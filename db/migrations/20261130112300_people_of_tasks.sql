-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What tasks show of other tables, kept on the task as tags_json is: see the file on keep_people_of_tasks.
alter table tasks add column assignees_json text not null default '[]';
alter table tasks add column comment_count integer not null default 0;
-- False where no other task blocks this one. Where it is true, reads look whether one still does.
alter table tasks add column has_blockers boolean not null default false;

grant update (assignees_json, comment_count, has_blockers) on tasks to onetrip_refresher;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-column
alter table tasks drop column has_blockers;
-- squawk-ignore ban-drop-column
alter table tasks drop column comment_count;
-- squawk-ignore ban-drop-column
alter table tasks drop column assignees_json;
