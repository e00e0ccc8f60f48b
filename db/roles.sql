-- The login roles of a deployment, for psql 15 or newer: their passwords are in WORKER_PASSWORD and JANITOR_PASSWORD, and in
-- COURIER_PASSWORD where it is to deliver to webhooks. To be run after the migrations, as often as you like; a new password
-- replaces the old one.
--
-- They own nothing, and each is a member of one group alone: row-level security holds for them.

\set ON_ERROR_STOP on
set client_min_messages = warning;
\getenv worker_password WORKER_PASSWORD
\getenv janitor_password JANITOR_PASSWORD
\set courier_password ''
\getenv courier_password COURIER_PASSWORD

select format(
  '%s role %I login password %L',
  case when exists (select from pg_roles where rolname = name) then 'alter' else 'create' end, name, password)
from (values
  ('onetrip_worker', :'worker_password'), ('onetrip_cleaner', :'janitor_password'), ('onetrip_deliverer', :'courier_password')
) as roles (name, password)
where name <> 'onetrip_deliverer' or password <> ''
\gexec

grant onetrip_app to onetrip_worker;
grant onetrip_janitor to onetrip_cleaner;
select 'grant onetrip_courier to onetrip_deliverer' where :'courier_password' <> ''
\gexec
