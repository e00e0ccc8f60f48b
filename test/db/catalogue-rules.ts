import type { ClientBase } from 'pg';
import { COURIER_ROLE, JANITOR_ROLE, WORKER_ROLE } from '../support/global-setup.ts';

/*
 * What must hold of every object in the database, as queries over the catalogue: each gives the faults, one a row.
 * A new table falls under all of them without being named here.
 */

/** Tables without a tenant: the tenants themselves, where they are, and what dbmate keeps. */
const WITHOUT_TENANT = `array['tenants', 'tenant_directory', 'schema_migrations']`;

/** Whose changes are not kept in the audit log: itself, what stores answers, and what is made from other rows. */
const UNAUDITED = `array['audit_log', 'comment_mentions', 'comment_search', 'idempotency_keys', 'idempotency_mentions',
  'member_search', 'project_search', 'stale_tags_json', 'task_search', 'webhook_deliveries', 'webhook_secrets']`;

/** SECURITY DEFINER is an exception; the reason stands beside each in the migrations. */
const DEFINERS = `array['write_audit_log()', 'write_tenant_audit()',
  'search_projects(text)', 'projects_with_metadata(jsonb)', 'search_tasks(text)', 'tasks_with_metadata(jsonb)',
  'search_members(text)', 'search_comments(text)',
  'touch_tagged_tasks()', 'mark_renamed_tag()', 'refresh_tags_json(integer)',
  'touch_assigned_tasks()', 'mark_renamed_member()', 'count_comments()', 'erase_actor_from_log(uuid,integer)',
  'erase_deleter_from_log(uuid,uuid[])', 'write_deliveries()', 'erase_person_from_deliveries(uuid,integer)']`;

/** Roles that nobody can log in as, for whom policies other than the tenant's may exist. */
const SERVICE_ROLES = `array['onetrip_auditor', 'onetrip_outbox', 'onetrip_refresher', 'onetrip_search']`;

/** What the janitor may take away of a tenant that is being deleted: everything. */
const DELETING = `format(
  '(tenant_id IN ( SELECT tenants.id%s   FROM tenants%s  WHERE (tenants.status = ''deleting''::text)))', e'\\n', e'\\n')`;

/** What it may take away of comments: those of a task that has been in the trash for 30 days. */
const TRASHED_COMMENTS = `format(
  '(EXISTS ( SELECT%s   FROM tasks%s  WHERE ((tasks.tenant_id = comments.tenant_id) AND (tasks.id = comments.task_id) AND (tasks.deleted_at < (now() - ''30 days''::interval)))))', e'\\n', e'\\n')`;

/** The condition of every trigger, as PostgreSQL shows it: see `rest_while_copying()`. */
const RESTS = `'((current_setting(''app.copying''::text, true) IS DISTINCT FROM ''on''::text) OR (NOT has_table_privilege(SESSION_USER, (''tenants''::regclass)::oid, ''trigger''::text)))'`;

const OURS = `nspname !~ '^pg_' and nspname <> 'information_schema'`;

/** The common table expressions that the rules draw on. */
const CATALOGUE = `
  with tables as (
    select c.oid, relname as name, c.oid::regclass::text as shown, relrowsecurity, relforcerowsecurity, relispartition,
      exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped) as of_tenant
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where ${OURS} and relkind in ('r', 'p', 'f')
  ),
  -- With the name of the column that holds the tenant.
  guarded as (
    select *, case when of_tenant then 'tenant_id' else 'id' end as tenant_column
    from tables where of_tenant or name in ('tenants', 'tenant_directory')
  ),
  functions as (
    select p.*, p.oid::regprocedure::text as shown, coalesce(pg_get_function_sqlbody(p.oid), prosrc) as body
    from pg_proc as p join pg_namespace as n on n.oid = pronamespace
    where ${OURS} and not exists (
      select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  ),
  worker as (select * from pg_roles where rolname = '${WORKER_ROLE}'),
  janitor as (select * from pg_roles where rolname = '${JANITOR_ROLE}'),
  courier as (select * from pg_roles where rolname = '${COURIER_ROLE}'),
  -- Who logs in, each with the one role that it is a member of.
  logins as (
    select *, 'onetrip_app'::regrole as its_group from worker
    union all select *, 'onetrip_janitor' from janitor
    union all select *, 'onetrip_courier' from courier
  )`;

const columnName = (table: string, number: string) =>
  `(select attname from pg_attribute where attrelid = ${table} and attnum = ${number})`;

export const RULES = {
  'every table belongs to a tenant': `
    select shown from tables where not of_tenant and name <> all (${WITHOUT_TENANT})`,

  'row-level security is enabled and forced': `
    select shown from guarded where not (relrowsecurity and relforcerowsecurity)`,

  // A part of a table (db/scaling) has none: it is reached through the whole alone.
  'every table has a policy for the Worker': `
    select shown from guarded where not relispartition and not exists (
      select from pg_policy
      where polrelid = guarded.oid and polpermissive and 'onetrip_app'::regrole = any (polroles))`,

  // Policies are joined by OR: one that lets more through opens the table.
  'every policy says nothing but the tenant': `
    select tablename || '.' || policyname from pg_policies
    where not (roles <@ ${SERVICE_ROLES}::name[]) and permissive = 'PERMISSIVE'
    and case
      when tablename in ('tenants', 'tenant_directory') and policyname = 'own_tenant'
        then cmd <> 'SELECT' or qual <> '(id = ( SELECT current_tenant() AS current_tenant))'
      when tablename in ('tenants', 'tenant_directory') and policyname = 'platform'
        then array[qual, with_check] <> array_fill(
          '(( SELECT current_setting(''app.role''::text, true) AS current_setting) = ''platform''::text)'::text, array[2])
      when roles = '{onetrip_courier}' and tablename = 'tenants'
        then cmd <> 'SELECT' or qual not in ('(status = ''active''::text)', '(placement <> ''home''::text)')
      when roles = '{onetrip_courier}'
        then tablename not in ('webhooks', 'webhook_secrets', 'webhook_deliveries') or qual <> 'true'
      when roles = '{onetrip_janitor}' and tablename = 'tenant_directory' then cmd <> 'ALL' or qual <> 'true'
      when roles = '{onetrip_janitor}' and tablename = 'tenants'
        then (cmd, qual) not in (
          ('ALL', '((status = ''deleting''::text) AND (placement = ''home''::text))'),
          ('SELECT', '(placement <> ''home''::text)'),
          ('DELETE', '((placement = ''moved''::text) OR ((placement = ''pending''::text) AND (created_at < (now() - ''01:00:00''::interval))))'))
      when roles = '{onetrip_janitor}'
        then coalesce(with_check, qual) <> qual
        or qual not in (
          '(deleted_at < (now() - ''30 days''::interval))', '(expires_at < now())', '(created_at < (now() - ''30 days''::interval))',
          ${DELETING}, ${TRASHED_COMMENTS})
      else '(tenant_id = ( SELECT current_tenant() AS current_tenant))'
        <> any (array[coalesce(qual, with_check), coalesce(with_check, qual)])
    end`,

  // Whose rows a database has that is not their tenant's home, they are copies.
  'what works for all tenants leaves those alone that are not at home': `
    select shown || ' ' || role from tables, (values ('onetrip_janitor'), ('onetrip_courier')) as roles (role)
    where of_tenant and not relispartition
    and (has_table_privilege(role, tables.oid, 'delete') or has_any_column_privilege(role, tables.oid, 'update'))
    and not exists (
      select from pg_policies
      where schemaname || '.' || tablename = 'public.' || tables.name and permissive = 'RESTRICTIVE' and cmd = 'ALL'
      and role = any (roles)
      and qual ~ '^\\(tenant_id <> ALL \\(ARRAY\\( SELECT tenants\\.id\\s+FROM tenants\\s+WHERE \\(tenants\\.placement <> ''home''::text\\)\\)\\)\\)$')`,

  'every primary key is led by the tenant': `
    select shown from tables where of_tenant and 'tenant_id' is distinct from (
      select ${columnName('conrelid', 'conkey[1]')} from pg_constraint where conrelid = tables.oid and contype = 'p')`,

  'every unique index is led by the tenant': `
    select indexrelid::regclass::text from pg_index join tables on tables.oid = indrelid
    where of_tenant and (indisunique or indisexclusion)
    and ${columnName('indrelid', 'indkey[0]')} is distinct from 'tenant_id'`,

  'every foreign key is led by the tenant, on both sides': `
    select here.shown || '.' || conname from pg_constraint
    join tables as here on here.oid = conrelid left join guarded as there on there.oid = confrelid
    where contype = 'f' and (here.of_tenant or there.oid is not null) and not (
      ${columnName('conrelid', 'conkey[1]')} = 'tenant_id'
      and coalesce(${columnName('confrelid', 'confkey[1]')} = there.tenant_column, false))`,

  // Statistics target 0, and how many different tenants the planner is to believe in: see expect_distinct().
  'every tenant is planned alike': `
    select shown from tables where of_tenant and not exists (
      select from pg_attribute join pg_statistic on starelid = attrelid and staattnum = attnum
      where attrelid = tables.oid and attname = 'tenant_id' and attstattarget = 0 and stadistinct = 20 and stakind1 = 0)`,

  // And how few tasks it is to expect below one: see expect_few_children().
  'every tree is planned alike': `
    select shown from tables where shown ~ '^tasks(_\\d+)?$' and not exists (
      select from pg_attribute join pg_statistic on starelid = attrelid and staattnum = attnum
      where attrelid = tables.oid and attname = 'parent_id' and attstattarget = 0
        and stadistinct = (-0.1)::real and stanullfrac = 0.5 and stakind1 = 0)`,

  // But what somebody wrote stays when that person is purged.
  'what hangs below goes when its owner goes': `
    select shown || '.' || conname from pg_constraint join tables on tables.oid = conrelid
    where contype = 'f' and confdeltype <> 'c' and conname <> 'comments_tenant_id_author_id_fkey'`,

  // A materialised view has no row-level security at all.
  // A dry run ends before its commit.
  'no rule is checked at the commit alone': `
    select conname from pg_constraint where condeferrable
    -- It decides nothing: it writes what is to be delivered of what is committed.
    and (conname, conrelid) <> ('deliver', 'audit_log'::regclass)`,

  'every view asks as who asks it': `
    select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where ${OURS} and (relkind = 'm' or relkind = 'v' and not coalesce(
      (select option_value::boolean from pg_options_to_table(reloptions) where option_name = 'security_invoker'), false))`,

  'SECURITY DEFINER is only where it must be': `
    select shown from functions where prosecdef and shown <> all (${DEFINERS})`,

  'SECURITY DEFINER has a pinned search path, the temporary schema last': `
    select shown from functions where prosecdef and not exists (
      select from unnest(proconfig) as setting where setting ~ '^search_path=pg_catalog, (.*, )?pg_temp$')`,

  'SECURITY DEFINER acts as a role that can do little': `
    select shown from functions join pg_roles as owner on owner.oid = proowner
    where prosecdef and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb or rolreplication
      or exists (select from pg_auth_members where member = owner.oid)
      or exists (select from pg_class where relowner = owner.oid))`,

  // Whoever calls it has set the search path that it would otherwise use, and may have a temporary table of a name in it.
  'a function whose names are looked up when it runs has a pinned search path, too': `
    select shown from functions where prosqlbody is null and not exists (
      select from unnest(proconfig) as setting where setting ~ '^search_path=pg_catalog, (.*, )?pg_temp$')`,

  'nobody may run a function by being PUBLIC': `
    select shown from functions, aclexplode(coalesce(proacl, acldefault('f', proowner)))
    where grantee = 0 and privilege_type = 'EXECUTE'`,

  'nor one that is yet to come': `
    select distinct proowner::regrole::text from functions
    where not exists (select from pg_auth_members where roleid = proowner) and not exists (
      select from pg_default_acl where defaclrole = proowner and defaclnamespace = 0 and defaclobjtype = 'f'
      and not exists (select from aclexplode(defaclacl) where grantee = 0))`,

  'nobody makes temporary tables by being PUBLIC': `
    select datname from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
    where datname = current_database() and grantee = 0 and privilege_type = 'TEMPORARY'`,

  // Otherwise the Worker could make it a trigger of a temporary table, and have it do its work there.
  'the Worker cannot make a trigger of a SECURITY DEFINER function': `
    select shown from functions, worker
    where prosecdef and prorettype = 'trigger'::regtype and has_function_privilege(worker.oid, functions.oid, 'execute')`,

  // Counts the calls, and those that say true as the third argument.
  'no function sets anything for the session': `
    select shown from functions
    where regexp_count(body, 'set_config\\s*\\(', 1, 'i')
      <> regexp_count(body, 'set_config\\s*\\([^()]*(\\([^()]*\\)[^()]*)*,\\s*true\\s*\\)', 1, 'i')
    or body ~* '(^|;|begin|then|else|loop)\\s*(set\\s+(?!local)|reset\\s|discard\\s)'`,

  'every change of a row is audited': `
    select shown || ' ' || operation from tables, worker,
      (values ('insert', 4), ('delete', 8), ('update', 16)) as operations (operation, bit)
    where of_tenant and name <> all (${UNAUDITED}) and not relispartition
    and (operation <> 'update' or has_table_privilege(worker.oid, tables.oid, 'update'))
    and not exists (
      select from pg_trigger
      -- After, and for each statement: neither of the bits 1 (row) and 2 (before) and 64 (instead).
      where tgrelid = tables.oid and tgfoid = 'write_audit_log'::regproc
      and tgenabled in ('O', 'A') and tgtype & 67 = 0 and tgtype & bit <> 0
      and position(' FOR EACH STATEMENT WHEN (' || ${RESTS} || ') EXECUTE' in pg_get_triggerdef(pg_trigger.oid)) > 0)`,

  'every trigger rests while rows are copied': `
    select shown || '.' || tgname from guarded join pg_trigger on tgrelid = guarded.oid,
      lateral pg_get_triggerdef(pg_trigger.oid) as definition
    where not tgisinternal and tgparentid = 0
    and position(' WHEN (' || ${RESTS} || ') ' in definition) = 0 and position(' AND ' || ${RESTS} || ')) ' in definition) = 0`,

  // Its UPDATE branch for tasks compares column by column; what it leaves out is named here.
  'the log of a changed task names every column that callers know': `
    select 'tasks.' || attname from pg_attribute
    where attrelid = 'tasks'::regclass and attnum > 0 and not attisdropped
    and attname <> all ('{tenant_id,id,version,updated_at,changed_xid,trash_id,tags_json,own_json,assignees_json,comment_count,has_blockers,created_by}')
    and not exists (select from functions where proname = 'write_audit_log' and prosrc ~ ('n\\.' || attname || '\\M'))`,

  'who logs in is an ordinary role': `
    select rolname from logins
    where rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or not rolcanlogin`,

  'who logs in is a member of one role and of nothing else': `
    select logins.rolname || ' of ' || role.rolname from logins, pg_roles as role
    where pg_has_role(logins.oid, role.oid, 'member') and role.oid not in (logins.oid, its_group)
    union all
    select rolname || ' not of ' || its_group::text from logins where not pg_has_role(oid, its_group, 'usage')`,

  'that role is an ordinary one, as which nobody logs in': `
    select rolname from pg_roles where oid in (select its_group from logins)
    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin)`,

  'who logs in owns nothing': `
    select pg_describe_object(classid, objid, 0) from pg_shdepend
    where deptype = 'o' and refclassid = 'pg_authid'::regclass
    and refobjid in (select oid from logins union select its_group from logins)
    and dbid in (0, (select oid from pg_database where datname = current_database()))`,

  'who logs in reads and writes rows, and does nothing else with tables': `
    select distinct shown || ' ' || privilege
    from tables, logins, unnest(array['truncate', 'references', 'trigger', 'maintain']) as privilege
    where has_table_privilege(logins.oid, tables.oid, privilege)
    or privilege = 'references' and has_any_column_privilege(logins.oid, tables.oid, privilege)`,

  'who logs in writes no audit log': `
    select distinct privilege from logins, unnest(array['insert', 'update', 'delete']) as privilege
    where privilege = 'delete' and rolname <> '${JANITOR_ROLE}' and has_table_privilege(logins.oid, 'audit_log', privilege)
    or privilege <> 'delete' and has_any_column_privilege(logins.oid, 'audit_log', privilege)`,

  'who logs in makes no objects': `
    select distinct nspname from pg_namespace, logins
    where ${OURS} and has_schema_privilege(logins.oid, pg_namespace.oid, 'create')
    union
    select datname from pg_database, logins
    where datname = current_database() and has_database_privilege(logins.oid, pg_database.oid, 'create')`,

  'the courier notes what has come of deliveries, and changes nothing else': `
    select shown || '.' || attname from courier, tables, pg_attribute
    where attrelid = tables.oid and attnum > 0 and not attisdropped
    and (has_column_privilege(courier.oid, attrelid, attnum, 'insert')
      or has_table_privilege(courier.oid, attrelid, 'delete')
      or has_column_privilege(courier.oid, attrelid, attnum, 'update') and shown || '.' || attname <> all (
        '{webhooks.status,webhooks.paused_reason,webhook_deliveries.status,webhook_deliveries.attempt,
        webhook_deliveries.next_attempt_at,webhook_deliveries.tried_at,webhook_deliveries.ms,
        webhook_deliveries.http_status,webhook_deliveries.response,webhook_deliveries.error}'))`,

  'the janitor takes away, and neither adds nor changes': `
    select shown || '.' || attname from janitor, tables, pg_attribute
    where attrelid = tables.oid and attnum > 0 and not attisdropped
    and (has_column_privilege(janitor.oid, attrelid, attnum, 'insert')
      or has_column_privilege(janitor.oid, attrelid, attnum, 'update'))`,
};

export type Rule = keyof typeof RULES;

/** What breaks a rule, by name, sorted; nothing where it holds. */
export async function faults(client: ClientBase, rule: Rule): Promise<string[]> {
  const { rows } = await client.query({ text: `${CATALOGUE} ${RULES[rule]}`, rowMode: 'array' });
  return rows.map(([fault]) => String(fault)).sort();
}
