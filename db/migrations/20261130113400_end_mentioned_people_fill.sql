-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy backfill on idempotency_mentions;
drop policy backfill on idempotency_keys;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create policy backfill on idempotency_keys to current_user using (true) with check (true);
create policy backfill on idempotency_mentions to current_user using (true) with check (true);
