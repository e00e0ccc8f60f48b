-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy backfill on tasks;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create policy backfill on tasks to current_user using (true) with check (true);
