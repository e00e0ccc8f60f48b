-- migrate:up transaction:false

-- Of tags that are one now the oldest stays, with the tasks of all. Each tag is a transaction; one that a request holds
-- is left for a later round. A new changed_xid makes a change of what is none otherwise, and PostgreSQL compute the key.
do $$
declare
  stale record;
  same uuid;
  idle integer := 0;
begin
  perform set_config('app.actor', 'migration', false);
  while exists (select from tags where key <> tag_key(name) collate "C") loop
    for stale in
      select tenant_id, id, tag_key(name) as key from tags where key <> tag_key(name) collate "C"
      order by tenant_id, created_at, id
    loop
      perform from tags where tenant_id = stale.tenant_id and id = stale.id for update skip locked;
      if not found then
        continue;
      end if;
      select id into same from tags
      where tenant_id = stale.tenant_id and key = stale.key collate "C" and id <> stale.id;
      if found then
        insert into task_tags (tenant_id, task_id, tag_id)
        select tenant_id, task_id, same from task_tags where tenant_id = stale.tenant_id and tag_id = stale.id
        on conflict do nothing;
        delete from tags where tenant_id = stale.tenant_id and id = stale.id;
      else
        update tags set changed_xid = pg_current_xact_id() where tenant_id = stale.tenant_id and id = stale.id;
      end if;
      commit;
    end loop;
    idle := idle + 1;
    if idle > 500 then
      raise exception 'tags are left that this role cannot change: is its policy missing?';
    end if;
    perform pg_sleep(0.01);
  end loop;
  perform set_config('app.actor', '', false);
end
$$;

-- migrate:down transaction:false

select 1;
