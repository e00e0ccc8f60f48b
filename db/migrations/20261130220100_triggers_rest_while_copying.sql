-- migrate:up transaction:false

-- Each table is a transaction, so that no two are locked at once: its writes wait until those under way have ended.
do $$
declare
  relation regclass;
begin
  for relation in
    select c.oid from pg_class as c
    where relkind in ('r', 'p') and not relispartition and (
      c.oid = 'tenants'::regclass
      or exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped))
    order by 1
  loop
    perform set_config('lock_timeout', '2s', true), set_config('statement_timeout', '0', true);
    -- Whoever makes a trigger of a function must be allowed to call it.
    execute 'grant onetrip_refresher, onetrip_outbox to current_user with inherit true, set true';
    perform rest_while_copying(relation);
    execute 'grant onetrip_refresher, onetrip_outbox to current_user with inherit false, set true';
    commit;
  end loop;
end
$$;

-- migrate:down transaction:false

do $$
declare
  relation regclass;
begin
  for relation in
    select c.oid from pg_class as c
    where relkind in ('r', 'p') and not relispartition and (
      c.oid = 'tenants'::regclass
      or exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped))
    order by 1
  loop
    perform set_config('lock_timeout', '2s', true), set_config('statement_timeout', '0', true);
    -- Whoever makes a trigger of a function must be allowed to call it.
    execute 'grant onetrip_refresher, onetrip_outbox to current_user with inherit true, set true';
    perform rest_while_copying(relation, false);
    execute 'grant onetrip_refresher, onetrip_outbox to current_user with inherit false, set true';
    commit;
  end loop;
end
$$;
