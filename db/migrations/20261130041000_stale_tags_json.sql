-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who writes that text and these marks, for all tenants: see touch_tagged_tasks() and refresh_tags_json().
do $$
begin
  if not exists (select from pg_roles where rolname = 'onetrip_refresher') then
    create role onetrip_refresher nologin;
  end if;
end
$$;
-- Who migrates may give it a function, without the rights of its policies.
grant onetrip_refresher to current_user with inherit false, set true;
grant usage on schema public to onetrip_refresher;

-- The tenants of which tasks.tags_json may show tags as they were before one was renamed, recoloured or deleted: so that
-- such a change writes one row here, and not a row for each task with the tag, of which there can be 100 000.
create table stale_tags_json (
  tenant_id uuid primary key references tenants (id) on delete cascade,
  -- The last task that refresh_tags_json() has looked at since then.
  refreshed_to uuid
);
select expect_distinct('stale_tags_json', 'tenant_id', 20);

alter table stale_tags_json enable row level security;
alter table stale_tags_json force row level security;
create policy tenant on stale_tags_json to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));
grant select on stale_tags_json to onetrip_app;
create policy refresher on stale_tags_json to onetrip_refresher using (true) with check (true);
grant select, insert, update, delete on stale_tags_json to onetrip_refresher;
create policy refresher on tenants for select to onetrip_refresher using (true);
grant select on tenants to onetrip_refresher;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop policy refresher on tenants;
revoke all on tenants from onetrip_refresher;
drop table stale_tags_json;
revoke usage on schema public from onetrip_refresher;

-- Another database of the cluster may need the role.
do $$
begin
  drop role onetrip_refresher;
exception when dependent_objects_still_exist then
  null;
end
$$;
