-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create table comments (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  body text not null check (char_length(body) between 1 and 10000),
  version integer not null default 1,
  -- The transaction of the last change: stamp_version() counts one version for each.
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
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

-- UPDATE is also what `for no key update` needs, with which a write locks its row.
grant select, insert, update, delete on comments to onetrip_app;

create trigger stamp before update on comments
for each row execute function stamp_version('comment');

create trigger audit_insert after insert on comments referencing new table as new_rows
for each statement execute function write_audit_log('comment', 'id');
create trigger audit_update after update on comments referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('comment', 'id');
create trigger audit_delete after delete on comments referencing old table as old_rows
for each statement execute function write_audit_log('comment', 'id');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table comments;
