-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

grant select on task_tags to onetrip_refresher;
create policy refresher on task_tags for select to onetrip_refresher using (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy refresher on task_tags;
revoke all on task_tags from onetrip_refresher;
