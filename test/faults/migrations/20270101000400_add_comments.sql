-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create table comments (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  body text not null check (char_length(body) between 1 and 10000),
  created_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
);

select expect_distinct('comments', 'tenant_id', 20);

create index comments_by_task on comments (tenant_id, task_id, created_at, id);

alter table comments enable row level security;
alter table comments force row level security;

create policy tenant on comments to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, delete on comments to onetrip_app;

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table comments;
