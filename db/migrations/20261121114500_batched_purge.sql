-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Ends the transaction with SQLSTATE OT002, which tells the caller of the batch to do its work in several, unless the
-- condition is true.
create function split_unless(condition boolean) returns void
language plpgsql volatile set search_path = pg_catalog, public, pg_temp as $$
begin
  if condition is not true then
    raise exception using errcode = 'OT002', message = 'too many rows for one batch';
  end if;
end
$$;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function split_unless;
