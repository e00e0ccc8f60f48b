-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- What touch_tagged_tasks() and refresh_tags_json() read and write, table by table.
grant select, update (changed_xid) on tags to onetrip_refresher;
create policy refresher on tags to onetrip_refresher using (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy refresher on tags;
revoke all on tags from onetrip_refresher;
