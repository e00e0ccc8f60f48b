select (select max(version)
from schema_migrations) as "schemaVersion", exists (
select from pg_roles
where pg_has_role(current_user, oid, 'member')
and ( rolsuper or rolbypassrls or rolname not in (current_user, 'onetrip_app') or exists (select
from pg_class
where relowner = pg_roles.oid) ) ) or exists (
select from pg_attribute as a join pg_class as c on c.oid = a.attrelid
where a.attname = 'tenant_id'
and c.relkind in ('r', 'p')
and c.relnamespace = 'public'::regnamespace
and not row_security_active(c.oid) ) as "bypassesRowSecurity";
