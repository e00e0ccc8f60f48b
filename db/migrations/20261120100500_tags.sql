-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

-- By which two spellings are one tag: without regard to case and Unicode form.
create function tag_key(name text) returns text
language sql immutable parallel safe
return normalize(casefold(normalize(name, nfc) collate pg_unicode_fast), nfc) collate "C";

create table tags (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  name text collate "und-x-icu" not null check (char_length(name) between 1 and 100),
  key text collate "C" not null generated always as (tag_key(name)) stored,
  color text check (color ~ '^#[0-9A-Fa-f]{6}$'),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_change().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  constraint tags_name_unique unique (tenant_id, key)
);

create index tags_by_name on tags (tenant_id, name, id);
create index tags_by_age on tags (tenant_id, created_at, id);

create table task_tags (
  tenant_id uuid not null,
  task_id uuid not null,
  tag_id uuid not null,
  primary key (tenant_id, task_id, tag_id),
  foreign key (tenant_id, task_id) references tasks (tenant_id, id) on delete cascade,
  foreign key (tenant_id, tag_id) references tags (tenant_id, id) on delete cascade
);

create index task_tags_by_tag on task_tags (tenant_id, tag_id, task_id);

alter table tags enable row level security;
alter table tags force row level security;
alter table task_tags enable row level security;
alter table task_tags force row level security;

create policy tenant on tags to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

create policy tenant on task_tags to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on tags to onetrip_app;
grant select, insert, delete on task_tags to onetrip_app;

-- A task's version counts its set of tags too. A tag that is itself deleted changes no task's version,
-- and stamp_change() skips a task that was changed in this transaction already.
create function touch_tagged_tasks() returns trigger
language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    update tasks as t set changed_xid = pg_current_xact_id()
    from (select distinct tenant_id, task_id from new_rows) as n
    where t.tenant_id = n.tenant_id and t.id = n.task_id;
  else
    update tasks as t set changed_xid = pg_current_xact_id()
    from (
      select distinct o.tenant_id, o.task_id
      from old_rows as o join tags as g on g.tenant_id = o.tenant_id and g.id = o.tag_id
    ) as n
    where t.tenant_id = n.tenant_id and t.id = n.task_id;
  end if;
  return null;
end
$$;

-- A tagging is made and taken away; changed, it would escape the audit log and the task's version.
create function refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception using errcode = 'feature_not_supported', message = 'a tagging cannot be changed';
end
$$;

create trigger refuse_change before update on task_tags
for each statement execute function refuse_change();

create trigger stamp before update on tags
for each row execute function stamp_change();

create trigger audit_insert after insert on tags referencing new table as new_rows
for each statement execute function write_audit_log('tag', 'id');
create trigger audit_update after update on tags referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('tag', 'id');
create trigger audit_delete after delete on tags referencing old table as old_rows
for each statement execute function write_audit_log('tag', 'id');

create trigger audit_insert after insert on task_tags referencing new table as new_rows
for each statement execute function write_audit_log('tagging', 'task_id');
create trigger audit_delete after delete on task_tags referencing old table as old_rows
for each statement execute function write_audit_log('tagging', 'task_id');
create trigger touch_insert after insert on task_tags referencing new table as new_rows
for each statement execute function touch_tagged_tasks();
create trigger touch_delete after delete on task_tags referencing old table as old_rows
for each statement execute function touch_tagged_tasks();

-- migrate:down

drop table task_tags;
drop table tags;
drop function refuse_change;
drop function touch_tagged_tasks;
drop function tag_key;
