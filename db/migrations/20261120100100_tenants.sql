-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

create table tenants (
  id uuid primary key default uuidv7(),
  name text collate "und-x-icu" not null check (char_length(name) between 1 and 255),
  status text not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now()
);

create index tenants_by_age on tenants (created_at desc, id desc);

alter table tenants enable row level security;
alter table tenants force row level security;

create policy own_tenant on tenants for select to onetrip_app
using (id = (select current_tenant()));

create policy platform on tenants to onetrip_app
using ((select current_setting('app.role', true)) = 'platform')
with check ((select current_setting('app.role', true)) = 'platform');

grant select, insert, update on tenants to onetrip_app;

create function stamp_tenant() returns trigger
language plpgsql as $$
begin
  if (new.name, new.status) is not distinct from (old.name, old.status) then
    return null;
  end if;
  -- A transaction that waited for a lock may have begun before the change that it waited for.
  new.updated_at := greatest(old.updated_at, now());
  return new;
end
$$;

create trigger stamp before update on tenants
for each row execute function stamp_tenant();

-- migrate:down

drop table tenants;
drop function stamp_tenant;
