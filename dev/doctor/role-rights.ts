import type { Client } from 'pg';
import { type Finding, good, wrong } from './finding.ts';

/* What the role that has logged in may do. */

interface Rights {
  name: string;
  isSuperuser: boolean;
  bypasses: boolean;
  createsRoles: boolean;
  createsDatabases: boolean;
  replicates: boolean;
  /** Tables and the like, and the database itself. */
  owned: number;
  groups: string[];
  /** Tables of tenants whose rows it sees without a tenant. */
  open: string[];
  /** Tables that it may empty, refer to, or put triggers on. */
  excessive: string[];
}

/**
 * Whether the role has the rights of its group and no others: whoever owns a table, or may become its owner, can switch
 * row-level security off (PostgreSQL manual §5.9).
 * @param group `onetrip_app` or `onetrip_janitor`
 */
export async function checkGroupRole(client: Client, variable: string, group: string): Promise<Finding> {
  const { rows } = await client.query<Rights>(
    `select rolname as name, rolsuper as "isSuperuser", rolbypassrls as bypasses, rolcreaterole as "createsRoles",
       rolcreatedb as "createsDatabases", rolreplication as replicates,
       ((select count(*) from pg_class where relowner = own.oid) + (select count(*) from pg_proc where proowner = own.oid)
         + (select count(*) from pg_namespace where nspowner = own.oid)
         + (select count(*) from pg_database where datdba = own.oid))::integer as owned,
       array(select rolname::text from pg_roles as r where r.oid <> own.oid and pg_has_role(own.oid, r.oid, 'member')
         order by 1) as groups,
       array(select c.relname::text from pg_class as c join pg_attribute as a on a.attrelid = c.oid
         where a.attname = 'tenant_id' and c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
           and not row_security_active(c.oid) order by 1) as open,
       array(select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
         and has_table_privilege(oid, 'truncate, references, trigger') order by 1) as excessive
     from pg_roles as own where rolname = current_user`,
  );
  const rights = rows[0] as Rights;
  const faults = rights.isSuperuser ? ['is a superuser'] : faultsOf(rights, group);
  if (faults.length === 0) {
    return good(`${variable}: ${rights.name} owns nothing, bypasses nothing, and is in ${group} alone`);
  }
  const isOwner = group === 'onetrip_app' && (rights.isSuperuser || rights.owned > 0);
  return wrong(
    `${variable}: ${rights.name} ${faults.join(', ')}`,
    `make a role for this alone: create role … login password '…' in role ${group}; (CONTRIBUTING.md, "The Worker's role")${
      isOwner ? '. For npm run dev an owner is right: npm run doctor -- --for dev' : ''
    }`,
  );
}

function faultsOf(rights: Rights, group: string): string[] {
  const others = rights.groups.filter((name) => name !== group);
  return [
    ...(rights.bypasses ? ['has BYPASSRLS'] : []),
    ...(rights.createsRoles ? ['has CREATEROLE'] : []),
    ...(rights.createsDatabases ? ['has CREATEDB'] : []),
    ...(rights.replicates ? ['has REPLICATION'] : []),
    ...(rights.owned > 0 ? [`owns ${rights.owned} ${rights.owned === 1 ? 'object' : 'objects'}`] : []),
    ...(rights.groups.includes(group) ? [] : [`is not in ${group}`]),
    ...(others.length > 0 ? [`is in ${others.join(' and ')}`] : []),
    ...(rights.open.length > 0 ? [`sees all tenants in ${rights.open.join(', ')}`] : []),
    ...(rights.excessive.length > 0 ? [`has more rights than it should on ${rights.excessive.join(', ')}`] : []),
  ];
}

/** Whether the role can migrate the database, and make the roles of Worker and janitor, as `npm run dev` does. */
export async function checkOwner(client: Client, variable: string): Promise<Finding> {
  const { rows } = await client.query<{ name: string; createsRoles: boolean; creates: boolean }>(
    `select rolname as name, rolsuper or rolcreaterole as "createsRoles",
       has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create') as creates
     from pg_roles where rolname = current_user`,
  );
  const [{ name, createsRoles, creates } = { name: '', createsRoles: false, creates: false }] = rows;
  const faults = [
    ...(creates ? [] : ['may not create anything in this database']),
    ...(createsRoles ? [] : ['has no CREATEROLE']),
  ];
  return faults.length === 0
    ? good(`${variable}: ${name} can migrate, and make roles`)
    : wrong(
        `${variable}: ${name} ${faults.join(', ')}`,
        'npm run dev needs the owner of the database, with CREATEROLE',
      );
}
