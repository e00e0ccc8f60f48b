-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Two steps: a default given with the column would stand in all rows that are there.
alter table tasks add column estimate integer;
alter table tasks alter column estimate set default 0;
-- New rows are held to it from here on; the others once they have been filled and looked at.
alter table tasks add constraint tasks_estimate check (estimate >= 0) not valid;

-- Row-level security holds for the owner too, who could otherwise change no row, without an error.
create policy backfill on tasks to current_user using (true) with check (true);

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy backfill on tasks;
-- squawk-ignore ban-drop-column
alter table tasks drop column estimate;
