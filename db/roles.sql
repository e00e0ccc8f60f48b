-- The login roles of a deployment, for psql 15 or newer: their passwords are in WORKER_PASSWORD and JANITOR_PASSWORD. To be
-- run after the migrations, as often as you like; a new password replaces the old one.
--
-- They own nothing, and each is a member of one group alone: row-level security holds for them.

\set ON_ERROR_STOP on
set client_min_messages = warning;
\getenv worker_password WORKER_PASSWORD
\getenv janitor_password JANITOR_PASSWORD

select format(
  '%s role %I login password %L',
  case when exists (select from pg_roles where rolname = name) then 'alter' else 'create' end, name, password)
from (values ('onetrip_worker', :'worker_password'), ('onetrip_cleaner', :'janitor_password')) as roles (name, password)
\gexec

grant onetrip_app to onetrip_worker;
grant onetrip_janitor to onetrip_cleaner;
