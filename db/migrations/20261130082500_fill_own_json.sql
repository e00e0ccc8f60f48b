-- migrate:up transaction:false

-- The trigger writes the text of a row that has none, whatever the UPDATE says, and its version stays. Each 1 000 rows are a
-- transaction. What a request holds is left: whoever changes it writes its text, and reads do without.
do $$
declare
  first record;
  last record;
begin
  select '00000000-0000-0000-0000-000000000000'::uuid as tenant_id, '00000000-0000-0000-0000-000000000000'::uuid as id
  into first;
  loop
    select tenant_id, id into last
    from (
      select tenant_id, id from tasks where (tenant_id, id) > (first.tenant_id, first.id)
      order by tenant_id, id limit 1000) as batch
    order by tenant_id desc, id desc limit 1;
    exit when not found;
    update tasks set own_json = null
    where (tenant_id, id) in (
      select tenant_id, id from tasks
      where (tenant_id, id) > (first.tenant_id, first.id) and (tenant_id, id) <= (last.tenant_id, last.id)
        and own_json is null
      for no key update skip locked);
    commit;
    first := last;
  end loop;
end
$$;

-- migrate:down transaction:false

select 1;
