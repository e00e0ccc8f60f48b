-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

grant select, update (tags_json, changed_xid) on tasks to onetrip_refresher;
create policy refresher on tasks to onetrip_refresher using (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy refresher on tasks;
revoke all on tasks from onetrip_refresher;
