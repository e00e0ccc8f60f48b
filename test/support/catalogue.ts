import type { ClientBase } from 'pg';

/*
 * A database's schema as lines of text, read from PostgreSQL's catalogue: two databases with the same lines are the
 * same to every program. Privileges that were never touched are shown as what they are. What belongs to an extension is left to the extension, OIDs and statistics are left out.
 */

const OURS = `nspname !~ '^pg_' and nspname <> 'information_schema'`;

/** Privileges in one order: that in which they were granted means nothing. */
const sorted = (acl: string) => `(select array_agg(entry::text order by entry::text) from unnest(${acl}) as entry)`;

/** For each kind of object a query of `name` and `definition`. */
const KINDS: Record<string, string> = {
  extension: `
    select extname as name, concat_ws(' ', extversion, nspname) as definition
    from pg_extension join pg_namespace as n on n.oid = extnamespace`,

  schema: `
    select nspname as name, concat_ws(' ', nspowner::regrole, ${sorted(`coalesce(nspacl, acldefault('n', nspowner))`)}) as definition
    from pg_namespace where ${OURS}`,

  database: `
    select 'itself' as name, ${sorted(`coalesce(datacl, acldefault('d', datdba))`)} as definition
    from pg_database where datname = current_database()`,

  role: `
    select rolname as name,
      to_jsonb(r) - array['oid', 'rolname', 'rolpassword'] || jsonb_build_object('member_of', array(
        select roleid::regrole::text from pg_auth_members where member = r.oid order by 1)) as definition
    from pg_roles as r where rolname like 'onetrip%'`,

  // Tables, views, sequences, composite types: everything with columns but indexes.
  relation: `
    select c.oid::regclass as name,
      concat_ws(' ', relkind, relpersistence, relowner::regrole, ${sorted(`coalesce(relacl, acldefault('r', relowner))`)}, reloptions, relreplident,
        'row security', relrowsecurity, 'forced', relforcerowsecurity,
        case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) end) as definition
    from pg_class as c join pg_namespace as n on n.oid = relnamespace
    where ${OURS} and relkind not in ('i', 'I')`,

  column: `
    select c.oid::regclass || '.' || lpad(row_number() over (partition by c.oid order by attnum)::text, 2, '0') as name,
      concat_ws(' ', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' end,
        attidentity, attgenerated, 'statistics ' || attstattarget, pg_get_expr(adbin, adrelid), 'collate ' || attcollation::regcollation, attacl)
      as definition
    from pg_attribute
    join pg_class as c on c.oid = attrelid join pg_namespace as n on n.oid = relnamespace
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where ${OURS} and relkind not in ('i', 'I', 'S') and attnum > 0 and not attisdropped`,

  constraint: `
    select conrelid::regclass || '.' || conname as name,
      concat_ws(' ', pg_get_constraintdef(k.oid), case when not convalidated then 'not validated' end) as definition
    from pg_constraint as k join pg_namespace as n on n.oid = connamespace where ${OURS}`,

  index: `
    select indexrelid::regclass as name,
      concat_ws(' ', pg_get_indexdef(indexrelid), case when not indisvalid then 'invalid' end) as definition
    from pg_index join pg_class as c on c.oid = indrelid join pg_namespace as n on n.oid = relnamespace
    where ${OURS}`,

  function: `
    select p.oid::regprocedure as name,
      concat_ws(' ', proowner::regrole, ${sorted(`coalesce(proacl, acldefault('f', proowner))`)}, proisstrict,
        pg_get_functiondef(p.oid)) as definition
    from pg_proc as p join pg_namespace as n on n.oid = pronamespace
    where ${OURS} and prokind <> 'a' and not exists (
      select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,

  trigger: `
    select tgrelid::regclass || '.' || tgname as name, concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid)) as definition
    from pg_trigger as t where not tgisinternal`,

  policy: `
    select tablename || '.' || policyname as name,
      concat_ws(' ', permissive, cmd, roles, 'using', qual, 'check', with_check) as definition
    from pg_policies`,

  type: `
    select t.oid::regtype as name, concat_ws(' ', typtype, typowner::regrole, typacl, array(
      select enumlabel from pg_enum where enumtypid = t.oid order by enumsortorder)) as definition
    from pg_type as t join pg_namespace as n on n.oid = typnamespace
    where ${OURS} and typtype in ('d', 'e', 'r') and not exists (
      select from pg_depend as d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')`,

  'default privilege': `
    select concat_ws(' ', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype) as name,
      defaclacl as definition
    from pg_default_acl`,

  'event trigger': `
    select evtname as name, concat_ws(' ', evtevent, evtenabled, evtfoid::regproc) as definition from pg_event_trigger`,
};

/** The schema of the database that the client is connected to: a sorted list of `kind name: definition`. */
export async function describeSchema(client: ClientBase): Promise<string[]> {
  const lines: string[] = [];
  for (const [kind, query] of Object.entries(KINDS)) {
    const { rows } = await client.query<{ name: string; definition: string | null }>(
      `select name::text, definition::text from (${query}) as described order by name::text collate "C"`,
    );
    lines.push(...rows.map(({ name, definition }) => `${kind} ${name}: ${definition ?? ''}`));
  }
  return lines;
}
