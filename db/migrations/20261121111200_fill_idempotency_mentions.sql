-- migrate:up transaction:false

-- The trigger does the work. Each batch is a transaction; a key that a request holds is left for a later one.
do $$
declare
  idle integer := 0;
begin
  while exists (select from idempotency_keys where body is not null and bytes is null) loop
    update idempotency_keys set body = body
    where (tenant_id, key) in (
      select tenant_id, key from idempotency_keys where body is not null and bytes is null
      limit 100 for no key update skip locked
    );
    idle := case when found then 0 else idle + 1 end;
    if idle > 500 then
      raise exception 'rows are left that this role cannot change: is its policy missing?';
    end if;
    commit;
    perform pg_sleep(0.01);
  end loop;
end
$$;

-- migrate:down transaction:false

select 1;
