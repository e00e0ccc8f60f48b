-- migrate:up

set local lock_timeout = '2s';
set local statement_timeout = '30s';

alter table tenants drop constraint tenants_status_check;
alter table tenants add constraint tenants_status_check
check (status in ('active', 'suspended', 'deleting')) not valid;

-- The scheduled purge deletes what belongs to such a tenant, in batches, and then the tenant.
grant select, delete on tenants, tags, audit_log to onetrip_janitor;

create policy janitor on tenants to onetrip_janitor using (status = 'deleting');

create policy deletion on projects to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));
create policy deletion on tasks to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));
create policy deletion on tags to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));
create policy deletion on audit_log to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));
create policy deletion on idempotency_keys to onetrip_janitor
using (tenant_id in (select id from tenants where status = 'deleting'));

alter table audit_log drop constraint audit_log_resource_type_check;
alter table audit_log add constraint audit_log_resource_type_check
check (resource_type in ('project', 'task', 'tag', 'tagging', 'tenant')) not valid;

-- What the platform does with a tenant stands in the tenant's own log. A tenant that is deleted takes its log along.
-- SECURITY DEFINER because nobody who asks may insert there; the tenant is the row.
create function write_tenant_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into audit_log (tenant_id, at, actor, request_id, action, resource_type, resource_id, changes)
  values (
    new.id, new.updated_at, nullif(current_setting('app.actor', true), ''),
    nullif(current_setting('app.request_id', true), ''), lower(tg_op), 'tenant', new.id,
    changed_members(case when tg_op = 'UPDATE' then to_jsonb(old) end, to_jsonb(new))
  );
  return null;
end
$$;

grant create on schema public to onetrip_auditor;
revoke execute on function write_tenant_audit() from public;
alter function write_tenant_audit() owner to onetrip_auditor;
revoke create on schema public from onetrip_auditor;

create trigger audit after insert or update on tenants
for each row execute function write_tenant_audit();

-- migrate:down

set local lock_timeout = '2s';
set local statement_timeout = '30s';

drop trigger audit on tenants;
drop function write_tenant_audit;
-- The owner, too, sees only what a policy lets it see.
alter table audit_log no force row level security;
delete from audit_log where resource_type = 'tenant';
alter table audit_log force row level security;
alter table audit_log drop constraint audit_log_resource_type_check;
-- squawk-ignore constraint-missing-not-valid
alter table audit_log add constraint audit_log_resource_type_check
check (resource_type in ('project', 'task', 'tag', 'tagging'));
drop policy deletion on idempotency_keys;
drop policy deletion on audit_log;
drop policy deletion on tags;
drop policy deletion on tasks;
drop policy deletion on projects;
drop policy janitor on tenants;
revoke select, delete on tenants, tags, audit_log from onetrip_janitor;
alter table tenants no force row level security;
update tenants set status = 'suspended' where status = 'deleting';
alter table tenants force row level security;
alter table tenants drop constraint tenants_status_check;
-- squawk-ignore constraint-missing-not-valid
alter table tenants add constraint tenants_status_check check (status in ('active', 'suspended'));
