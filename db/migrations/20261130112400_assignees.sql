-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who works on a task, and as what.
create table assignees (
  tenant_id uuid not null,
  task_id uuid not null,
  member_id uuid not null,
  role text not null default 'contributor' check (role in ('owner', 'contributor', 'reviewer', 'watcher')),
  assigned_at timestamptz(3) not null default now(),
  primary key (tenant_id, task_id, member_id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
  foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
);

select expect_distinct('assignees', 'tenant_id', 20);

create index assignees_by_member on assignees (tenant_id, member_id, task_id);
-- One owner at most.
create unique index assignees_owner on assignees (tenant_id, task_id) where role = 'owner';

alter table assignees enable row level security;
alter table assignees force row level security;

create policy tenant on assignees to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on assignees to onetrip_app;

create policy refresher on assignees for select to onetrip_refresher using (true);
grant select on assignees to onetrip_refresher;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table assignees;
