-- migrate:up transaction:false

-- The trigger does the work. Each batch is a transaction. A key that a request holds is left out: it is being written by
-- the trigger as it is now.
do $$
declare
  looked_to record;
begin
  select '00000000-0000-0000-0000-000000000000'::uuid as tenant_id, '' as key into looked_to;
  loop
    with next_keys as (
      select tenant_id, key from idempotency_keys
      where (tenant_id, key) > (looked_to.tenant_id, looked_to.key) and body is not null
      order by tenant_id, key limit 100 for no key update skip locked
    ),
    mentioned as (
      update idempotency_keys set body = body where (tenant_id, key) in (select tenant_id, key from next_keys)
    )
    select tenant_id, key into looked_to from next_keys order by tenant_id desc, key desc limit 1;
    exit when not found;
    commit;
    perform pg_sleep(0.01);
  end loop;
end
$$;

-- migrate:down transaction:false

select 1;
