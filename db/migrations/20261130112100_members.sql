-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Who of a tenant's people is known by name. What somebody may do is not here: tokens and API keys say it.
create table members (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  -- The `sub` of this person's tokens, compared byte by byte. The audit log names API keys, and people who have been purged,
  -- by words that begin like this, so nobody else may have such a name.
  subject text collate "C" check (char_length(subject) between 1 and 255 and subject !~ '^(api-key|member):'),
  name text collate "und-x-icu" not null check (char_length(name) between 1 and 255),
  email text check (char_length(email) between 3 and 254),
  status text not null default 'active' check (status in ('active', 'deactivated')),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_version().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  constraint members_subject_unique unique (tenant_id, subject)
);

select expect_distinct('members', 'tenant_id', 20);

create index members_by_name on members (tenant_id, name, id);
create index members_by_status on members (tenant_id, status, name, id);
create index members_by_age on members (tenant_id, created_at, id);

alter table members enable row level security;
alter table members force row level security;

create policy tenant on members to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on members to onetrip_app;

create trigger stamp before update on members
for each row execute function stamp_version('member');

create trigger audit_insert after insert on members referencing new table as new_rows
for each statement execute function write_audit_log('member', 'id');
create trigger audit_update after update on members referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('member', 'id');
create trigger audit_delete after delete on members referencing old table as old_rows
for each statement execute function write_audit_log('member', 'id');

-- The words of names and email addresses, as task_search has those of tasks.
create table member_search (
  tenant_id uuid not null,
  member_id uuid not null,
  words tsvector not null,
  primary key (tenant_id, member_id),
  foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
);

select expect_distinct('member_search', 'tenant_id', 20);

-- Without fastupdate, for every search would read all that was inserted lately, by whichever tenant.
create index member_search_words on member_search using gin (words) with (fastupdate = off);

alter table member_search enable row level security;
alter table member_search force row level security;

create policy tenant on member_search to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update on member_search to onetrip_app;

create function keep_member_search() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into member_search (tenant_id, member_id, words)
  values (new.tenant_id, new.id, array_to_tsvector(search_terms(new.tenant_id, concat_ws(' ', new.name, new.email))))
  on conflict (tenant_id, member_id) do update set words = excluded.words;
  return null;
end
$$;
revoke execute on function keep_member_search() from public;

create trigger search_insert after insert on members
for each row execute function keep_member_search();
create trigger search_update after update of name, email on members
for each row when (old.name is distinct from new.name or old.email is distinct from new.email)
execute function keep_member_search();

-- SECURITY DEFINER because under a policy PostgreSQL uses no GIN index for @@: see search_tasks().
create policy search on member_search for select to onetrip_search using (true);
grant select on member_search to onetrip_search;

create function search_members(words text) returns setof uuid
language sql stable rows 50 security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
  select member_id from member_search
  where tenant_id is not distinct from current_tenant()
    and member_search.words @@ search_query(current_tenant(), search_members.words);
end;
revoke execute on function search_members(text) from public;
grant create on schema public to onetrip_search;
alter function search_members(text) owner to onetrip_search;
revoke create on schema public from onetrip_search;
grant execute on function search_members(text) to onetrip_app;

-- The scheduled purge of a tenant that is being deleted.
grant select, delete on members to onetrip_janitor;
create policy deletion on members to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop function search_members;
drop table member_search;
drop table members;
drop function keep_member_search;
