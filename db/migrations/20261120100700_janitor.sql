-- migrate:up

set local lock_timeout = '5s';
set local statement_timeout = '30s';

-- The scheduled purge works for all tenants, and sees of each only what may go: it logs in as a role of its own, a
-- member of onetrip_janitor, because row-level security shows other roles no tenant but the one that they entered.
do $$
begin
  if not exists (select from pg_roles where rolname = 'onetrip_janitor') then
    create role onetrip_janitor nologin;
  end if;
end
$$;

grant usage on schema public to onetrip_janitor;
grant select, delete on projects, tasks, idempotency_keys to onetrip_janitor;

create policy janitor on projects to onetrip_janitor using (deleted_at < now() - interval '30 days');
create policy janitor on tasks to onetrip_janitor using (deleted_at < now() - interval '30 days');
create policy janitor on idempotency_keys to onetrip_janitor using (expires_at < now());

-- migrate:down

drop policy janitor on idempotency_keys;
drop policy janitor on tasks;
drop policy janitor on projects;
revoke all on projects, tasks, idempotency_keys from onetrip_janitor;
revoke usage on schema public from onetrip_janitor;

-- A role with which somebody logs in, or which another database of the cluster needs, stays.
do $$
begin
  if not exists (
    select from pg_auth_members where roleid = 'onetrip_janitor'::regrole and member <> current_user::regrole
  ) then
    drop role onetrip_janitor;
  end if;
exception when dependent_objects_still_exist then
  null;
end
$$;
