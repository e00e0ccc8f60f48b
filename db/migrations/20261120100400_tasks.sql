-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

create table tasks (
  tenant_id uuid not null,
  id uuid not null default uuidv7(),
  project_id uuid not null,
  parent_id uuid,
  title text collate "und-x-icu" not null check (char_length(title) between 1 and 255),
  description text check (char_length(description) <= 10000),
  status text not null default 'pending' check (status in ('pending', 'in_progress', 'completed', 'cancelled')),
  priority integer not null default 0 check (priority between 0 and 4),
  due_on date check (due_on between '0001-01-01' and '9999-12-31'),
  position double precision not null check (abs(position) < 'infinity'),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  completed_at timestamptz(3),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_change().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  deleted_by text,
  -- What was trashed and took this row along (its own id where it was trashed itself): a restore of that brings
  -- back exactly what went with it.
  trash_id uuid,
  search tsvector generated always as (search_vector(title, description)) stored,
  primary key (tenant_id, id),
  foreign key (tenant_id, project_id) references projects (tenant_id, id) on delete cascade,
  -- A task and its parent lie in one project, so a subtree moves in one UPDATE.
  unique (tenant_id, project_id, id),
  foreign key (tenant_id, project_id, parent_id) references tasks (tenant_id, project_id, id) on delete cascade,
  constraint tasks_not_own_parent check (parent_id <> id),
  constraint tasks_metadata_size check (octet_length(metadata::text) <= 16384),
  constraint tasks_trashed check ((deleted_at is null) = (trash_id is null)),
  constraint tasks_completed check ((status = 'completed') = (completed_at is not null))
);

create index tasks_by_position on tasks (tenant_id, project_id, position, id) where deleted_at is null;
create index tasks_by_age on tasks (tenant_id, created_at desc, id desc) where deleted_at is null;
create index tasks_by_trash_age on tasks (deleted_at) where deleted_at is not null;
create index tasks_by_change on tasks (tenant_id, updated_at desc, id desc) where deleted_at is null;
create index tasks_by_due_date on tasks (tenant_id, due_on, id) where deleted_at is null;
create index tasks_by_trash on tasks (tenant_id, trash_id) where trash_id is not null;
create index tasks_trash on tasks (tenant_id, deleted_at desc, id desc) where trash_id = id;
create index tasks_by_parent on tasks (tenant_id, project_id, parent_id);
create index tasks_search on tasks using gin (tenant_id, search) where deleted_at is null;
create index tasks_metadata on tasks using gin (tenant_id, metadata jsonb_path_ops) where deleted_at is null;

alter table tasks enable row level security;
alter table tasks force row level security;

create policy tenant on tasks to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on tasks to onetrip_app;

-- Whether a task is gone with its taggings: see write_audit_log().
create policy auditor on tasks for select to onetrip_auditor using (true);
grant select on tasks to onetrip_auditor;

-- Which status may follow which, and completed_at with it.
create function keep_status_rules() returns trigger
language plpgsql as $$
declare
  allowed text[];
begin
  if tg_op = 'UPDATE' then
    allowed := case old.status
      when 'pending' then array['pending', 'in_progress', 'completed', 'cancelled']
      when 'in_progress' then array['in_progress', 'pending', 'completed', 'cancelled']
      when 'completed' then array['completed', 'in_progress']
      when 'cancelled' then array['cancelled', 'pending']
    end;
    if new.status <> all (allowed) then
      perform must(false, json_build_object(
        'code', 'invalid_transition',
        'detail', format('A task that is %s cannot become %s.', old.status, new.status),
        'members', json_build_object('from', old.status, 'to', new.status, 'allowed', allowed)));
    end if;
  end if;
  new.completed_at := case when new.status = 'completed' then coalesce(new.completed_at, now()) end;
  return new;
end
$$;

create trigger status before insert or update of status on tasks
for each row execute function keep_status_rules();

create trigger stamp before update on tasks
for each row execute function stamp_change();

create trigger audit_insert after insert on tasks referencing new table as new_rows
for each statement execute function write_audit_log('task', 'id');
create trigger audit_update after update on tasks referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('task', 'id');
create trigger audit_delete after delete on tasks referencing old table as old_rows
for each statement execute function write_audit_log('task', 'id');

-- See search_projects().
create policy search on tasks for select to onetrip_search using (true);
grant select on tasks to onetrip_search;

create function search_tasks(words text) returns setof uuid
language sql stable rows 50 security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select id from tasks
  where tenant_id = current_tenant() and deleted_at is null and search @@ search_query(words);
end;

create function tasks_with_metadata(part jsonb) returns setof uuid
language sql stable rows 50 security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select id from tasks
  where tenant_id = current_tenant() and deleted_at is null and metadata @> part;
end;

grant create on schema public to onetrip_search;
alter function search_tasks(text) owner to onetrip_search;
alter function tasks_with_metadata(jsonb) owner to onetrip_search;
revoke create on schema public from onetrip_search;

-- migrate:down

drop function tasks_with_metadata;
drop function search_tasks;
drop table tasks;
drop function keep_status_rules;
