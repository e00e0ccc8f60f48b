-- migrate:up transaction:false

-- Each batch is a transaction. A row that a request is taking away is left out; should it stay after all, the next
-- round finds it. What is changed meanwhile is kept by the triggers, which either come first or wait for the batch.
do $$
declare
  last_tenant uuid;
  last_id uuid;
  rounds integer := 0;
begin
  while exists (
    select from projects left join project_search
    on project_search.tenant_id = projects.tenant_id and project_search.project_id = projects.id
    where project_search.tenant_id is null
  ) loop
    rounds := rounds + 1;
    if rounds > 100 then
      raise exception 'rows are left that this role cannot lock: is its policy missing?';
    end if;
    last_tenant := '00000000-0000-0000-0000-000000000000';
    last_id := last_tenant;
    loop
      with batch as materialized (
        select * from projects where (tenant_id, id) > (last_tenant, last_id)
        order by tenant_id, id limit 200 for key share skip locked
      ), filled as (
        insert into project_search (tenant_id, project_id, words, metadata)
        select tenant_id, id, array_to_tsvector(search_terms(tenant_id, concat_ws(' ', name, description))),
          search_metadata(tenant_id, metadata)
        from batch where not exists (
          select from project_search where project_search.tenant_id = batch.tenant_id and project_search.project_id = batch.id)
        on conflict do nothing
      )
      select tenant_id, id into last_tenant, last_id from batch order by tenant_id desc, id desc limit 1;
      exit when not found;
      commit;
    end loop;
    commit;
    perform pg_sleep(0.01);
  end loop;

  while exists (
    select from tasks left join task_search
    on task_search.tenant_id = tasks.tenant_id and task_search.task_id = tasks.id
    where task_search.tenant_id is null
  ) loop
    rounds := rounds + 1;
    if rounds > 100 then
      raise exception 'rows are left that this role cannot lock: is its policy missing?';
    end if;
    last_tenant := '00000000-0000-0000-0000-000000000000';
    last_id := last_tenant;
    loop
      with batch as materialized (
        select * from tasks where (tenant_id, id) > (last_tenant, last_id)
        order by tenant_id, id limit 200 for key share skip locked
      ), filled as (
        insert into task_search (tenant_id, task_id, words, metadata)
        select tenant_id, id, array_to_tsvector(search_terms(tenant_id, concat_ws(' ', title, description))),
          search_metadata(tenant_id, metadata)
        from batch where not exists (
          select from task_search where task_search.tenant_id = batch.tenant_id and task_search.task_id = batch.id)
        on conflict do nothing
      )
      select tenant_id, id into last_tenant, last_id from batch order by tenant_id desc, id desc limit 1;
      exit when not found;
      commit;
    end loop;
    commit;
    perform pg_sleep(0.01);
  end loop;
end
$$;

-- migrate:down transaction:false

select 1;
