-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

-- One way to read text for search and query alike: folded, and with everything but letters and digits
-- turned into spaces (the parser would take the "-12" of "task-12" for a number).
create function search_words(words text) returns text
language sql immutable parallel safe
return regexp_replace(
  normalize(casefold(normalize(coalesce(words, ''), nfc) collate pg_unicode_fast), nfc) collate pg_unicode_fast,
  '[^[:alnum:]]+', ' ', 'g'
);

create function search_vector(heading text, body text) returns tsvector
language sql immutable parallel safe
return to_tsvector('simple'::regconfig, search_words(coalesce(heading, '') || ' ' || coalesce(body, '')));

-- All words, in any order, prefix on the last. NULL, which matches nothing, where there is no word.
create function search_query(words text) returns tsquery
language sql immutable parallel safe
return (nullif(plainto_tsquery('simple'::regconfig, search_words(words))::text, '') || ':*')::tsquery;

create table projects (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  name text collate "und-x-icu" not null check (char_length(name) between 1 and 255),
  description text check (char_length(description) <= 10000),
  status text not null default 'active' check (status in ('active', 'archived')),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
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
  search tsvector generated always as (search_vector(name, description)) stored,
  primary key (tenant_id, id),
  constraint projects_metadata_size check (octet_length(metadata::text) <= 16384),
  constraint projects_trashed check ((deleted_at is null) = (trash_id is null))
);

create index projects_by_age on projects (tenant_id, created_at desc, id desc) where deleted_at is null;
create index projects_trash on projects (tenant_id, deleted_at desc, id desc) where trash_id = id;
create index projects_by_trash_age on projects (deleted_at) where deleted_at is not null;
create index projects_by_change on projects (tenant_id, updated_at desc, id desc) where deleted_at is null;
create index projects_by_name on projects (tenant_id, name, id) where deleted_at is null;
create index projects_search on projects using gin (tenant_id, search) where deleted_at is null;
create index projects_metadata on projects using gin (tenant_id, metadata jsonb_path_ops) where deleted_at is null;

alter table projects enable row level security;
alter table projects force row level security;

create policy tenant on projects to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on projects to onetrip_app;

create trigger stamp before update on projects
for each row execute function stamp_change();

create trigger audit_insert after insert on projects referencing new table as new_rows
for each statement execute function write_audit_log('project', 'id');
create trigger audit_update after update on projects referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('project', 'id');
create trigger audit_delete after delete on projects referencing old table as old_rows
for each statement execute function write_audit_log('project', 'id');

-- Under a policy PostgreSQL uses no GIN index for @@ and @>, because they are not leakproof. These give
-- the ids of one tenant's live rows as a role that a policy lets see all rows; hence SECURITY DEFINER,
-- and the tenant spelled out.
create policy search on projects for select to onetrip_search using (true);
grant select on projects to onetrip_search;

create function search_projects(words text) returns setof uuid
language sql stable rows 50 security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select id from projects
  where tenant_id = current_tenant() and deleted_at is null and search @@ search_query(words);
end;

create function projects_with_metadata(part jsonb) returns setof uuid
language sql stable rows 50 security definer set search_path = pg_catalog, public, pg_temp
begin atomic
  select id from projects
  where tenant_id = current_tenant() and deleted_at is null and metadata @> part;
end;

grant onetrip_search to current_user;
grant create on schema public to onetrip_search;
alter function search_projects(text) owner to onetrip_search;
alter function projects_with_metadata(jsonb) owner to onetrip_search;
revoke create on schema public from onetrip_search;

-- migrate:down

drop function projects_with_metadata;
drop function search_projects;
drop table projects;
drop function search_query;
drop function search_vector;
drop function search_words;
