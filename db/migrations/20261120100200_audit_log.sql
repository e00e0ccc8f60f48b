-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

create table audit_log (
  tenant_id uuid not null references tenants (id) on delete cascade,
  id uuid not null default uuidv7(),
  at timestamptz(3) not null default now(),
  actor text,
  request_id text,
  action text not null check (action in ('insert', 'update', 'delete', 'trash', 'restore', 'purge')),
  resource_type text not null check (resource_type in ('project', 'task', 'tag', 'tagging')),
  resource_id uuid not null,
  changes jsonb not null,
  primary key (tenant_id, id)
);

create index audit_log_by_age on audit_log (tenant_id, at desc, id desc);
create index audit_log_by_resource on audit_log (tenant_id, resource_id, at desc, id desc);

alter table audit_log enable row level security;
alter table audit_log force row level security;

create policy tenant on audit_log for select to onetrip_app
using (tenant_id = (select current_tenant()));

-- The Worker's role may read the log and nothing more, so that it cannot forge entries.
grant select on audit_log to onetrip_app;

create policy auditor on audit_log to onetrip_auditor using (true) with check (true);

grant select, insert, update on audit_log to onetrip_auditor;

-- Timestamps as callers see them everywhere.
create function logged_value(member text, value jsonb) returns jsonb
language sql stable parallel safe
return case
  when member like '%\_at' and jsonb_typeof(value) = 'string' then to_jsonb(rfc3339((value #>> '{}')::timestamptz))
  else value
end;

-- {member: [before, after]} of one row; what is kept for the database's own sake is left out.
create function changed_members(before jsonb, after jsonb) returns jsonb
language sql stable parallel safe
begin atomic
  select coalesce(jsonb_object_agg(key, jsonb_build_array(logged_value(key, before -> key), logged_value(key, after -> key))), '{}')
  from jsonb_object_keys(coalesce(before, after)) as key
  where before -> key is distinct from after -> key
    and coalesce(nullif(before -> key, 'null'), nullif(after -> key, 'null')) is not null
    and key <> all (array['tenant_id', 'id', 'task_id', 'version', 'updated_at', 'changed_xid', 'search', 'key', 'trash_id']);
end;

-- Writes the log, once per statement, whatever made the change: an endpoint, a cascade or SQL by hand.
-- TG_ARGV: the resource type, and the column that names the resource.
-- SECURITY DEFINER because the Worker's role may not insert here; the tenant comes from the row.
create function write_audit_log() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  kind constant text := tg_argv[0];
  id_column constant text := tg_argv[1];
  who constant text := nullif(current_setting('app.actor', true), '');
  request constant text := nullif(current_setting('app.request_id', true), '');
begin
  if tg_op = 'INSERT' then
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select n.tenant_id, who, request, 'insert', kind, (to_jsonb(n) ->> id_column)::uuid,
      changed_members(null, to_jsonb(n))
    from new_rows as n;
  elsif tg_op = 'UPDATE' then
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select c.tenant_id, who, request,
      case
        when c.before ->> 'deleted_at' is null and c.after ->> 'deleted_at' is not null then 'trash'
        when c.before ->> 'deleted_at' is not null and c.after ->> 'deleted_at' is null then 'restore'
        else 'update'
      end,
      kind, c.id, c.changes
    from (
      select n.tenant_id, n.id, to_jsonb(o) as before, to_jsonb(n) as after,
        changed_members(to_jsonb(o), to_jsonb(n)) as changes
      from old_rows as o join new_rows as n on n.tenant_id = o.tenant_id and n.id = o.id
    ) as c
    where c.changes <> '{}';
  elsif kind in ('project', 'task') then
    -- A purge leaves no value behind, so those that earlier entries hold go too.
    update audit_log as l set changes = '{}'
    from old_rows as o
    where l.tenant_id = o.tenant_id and l.resource_id = (to_jsonb(o) ->> id_column)::uuid;
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select o.tenant_id, who, request, 'purge', kind, (to_jsonb(o) ->> id_column)::uuid, '{}'
    from old_rows as o
    where exists (select from tenants as t where t.id = o.tenant_id);
  else
    insert into audit_log (tenant_id, actor, request_id, action, resource_type, resource_id, changes)
    select o.tenant_id, who, request, 'delete', kind, (to_jsonb(o) ->> id_column)::uuid,
      -- Of a task that is purged, nothing is kept of its tags either.
      case when kind = 'tagging' and not exists (
        select from tasks as t where t.tenant_id = o.tenant_id and t.id = (to_jsonb(o) ->> id_column)::uuid
      ) then '{}' else changed_members(to_jsonb(o), null) end
    from old_rows as o
    where exists (select from tenants as t where t.id = o.tenant_id);
  end if;
  return null;
end
$$;

-- Only a role that it can act as may be given a function, and only one that may create there may own it.
grant onetrip_auditor to current_user;
grant create on schema public to onetrip_auditor;
-- Whoever may execute it could make it the trigger of a temporary table, and so forge entries.
revoke execute on function write_audit_log() from public;
alter function write_audit_log() owner to onetrip_auditor;
revoke create on schema public from onetrip_auditor;

create policy auditor on tenants for select to onetrip_auditor using (true);
grant select on tenants to onetrip_auditor;

-- migrate:down

drop policy auditor on tenants;
revoke all on tenants from onetrip_auditor;
drop function write_audit_log;
drop function changed_members;
drop function logged_value;
drop table audit_log;
