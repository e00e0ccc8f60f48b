-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

-- Keys for scripts and integrations. The secret itself is nowhere in the database.
create table api_keys (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  name text not null check (char_length(name) between 1 and 100),
  role text not null default 'member' check (role in ('viewer', 'member', 'admin')),
  -- For whom the key acts. Who is purged takes these keys along.
  member_id uuid,
  -- SHA-256 of its 32 random bytes.
  secret_hash bytea not null check (octet_length(secret_hash) = 32),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  created_by text default nullif(current_setting('app.actor', true), ''),
  version integer not null default 1,
  -- The transaction of the last change: see stamp_version().
  changed_xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, member_id) references members (tenant_id, id) on delete cascade
);

select expect_distinct('api_keys', 'tenant_id', 20);

create index api_keys_by_age on api_keys (tenant_id, created_at desc, id desc);
create index api_keys_by_member on api_keys (tenant_id, member_id) where member_id is not null;

alter table api_keys enable row level security;
alter table api_keys force row level security;

create policy tenant on api_keys to onetrip_app
using (tenant_id = (select current_tenant()))
with check (tenant_id = (select current_tenant()));

grant select, insert, update, delete on api_keys to onetrip_app;

create trigger stamp before update on api_keys
for each row execute function stamp_version('api_key');

create trigger audit_insert after insert on api_keys referencing new table as new_rows
for each statement execute function write_audit_log('api_key', 'id');
create trigger audit_update after update on api_keys referencing old table as old_rows new table as new_rows
for each statement execute function write_audit_log('api_key', 'id');
create trigger audit_delete after delete on api_keys referencing old table as old_rows
for each statement execute function write_audit_log('api_key', 'id');

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop table api_keys;
