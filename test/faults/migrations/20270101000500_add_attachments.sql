-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

create table attachments (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  task_id uuid not null,
  name text not null check (char_length(name) between 1 and 255),
  version integer not null default 1,
  -- The transaction of the last change: stamp_version() counts one version for each.
  changed_xid xid8 not null default current_change(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade
);

select expect_distinct('attachments', 'tenant_id', 20);

create index attachments_by_task on attachments (tenant_id, task_id, created_at, id);

alter table attachments enable row level security;
alter table attachments force row level security;

create policy tenant on attachments to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

-- UPDATE is also what `for no key update` needs, with which a write locks its row.
grant select, insert, update, delete on attachments to onetrip_app;

create trigger stamp before update on attachments
for each row execute function stamp_version('attachment');

create trigger audit_insert after insert on attachments referencing new table as new_rows
for each statement execute function write_audit_log('attachment', 'id');
create trigger audit_update after update on attachments referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('attachment', 'id');
create trigger audit_delete after delete on attachments referencing old table as old_rows
for each statement execute function write_audit_log('attachment', 'id');

select rest_while_copying('attachments');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table attachments;
