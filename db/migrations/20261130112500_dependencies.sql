-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Which task cannot go on before which other one has ended.
create table dependencies (
  tenant_id uuid not null,
  task_id uuid not null,
  blocker_id uuid not null check (blocker_id <> task_id),
  primary key (tenant_id, task_id, blocker_id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
  foreign key (tenant_id, blocker_id) references tasks (tenant_id, id) on delete cascade
);

select expect_distinct('dependencies', 'tenant_id', 20);

create index dependencies_by_blocker on dependencies (tenant_id, blocker_id, task_id);

alter table dependencies enable row level security;
alter table dependencies force row level security;

create policy tenant on dependencies to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, delete on dependencies to onetrip_app;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table dependencies;
