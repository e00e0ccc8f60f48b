import type { ClientBase } from 'pg';

/*
 * What a tenant's rows are in, read from PostgreSQL's catalogue, so that a table or a column to come is moved without being
 * named here: every table with a `tenant_id`, and `tenants` itself.
 */

/** A column of a table. */
export interface Column {
  /** Quoted where SQL wants it. */
  name: string;
  type: string;
  /** Whether PostgreSQL computes it from the others. */
  isGenerated: boolean;
  /** The sequence that numbers its rows, if one does. */
  sequence: string | null;
}

/** A table with rows of tenants. */
export interface Table {
  /** As SQL names it. A partitioned table is one. */
  name: string;
  /** In their order. */
  columns: Column[];
  /** The column that holds the tenant. */
  tenant: 'id' | 'tenant_id';
  /** The tables that its foreign keys refer to, itself left out. */
  references: string[];
  /** The columns of its foreign keys to itself, and those that they refer to. */
  selfReferences: { from: string[]; to: string[] }[];
}

const keyColumns = (key: string, relation: string) => `array(
  select quote_ident(attname) from unnest(${key}) with ordinality as key (number, place)
  join pg_attribute on attrelid = ${relation} and attnum = number order by place)`;

/**
 * The tables of a database, each after those that it refers to: in this order rows can be inserted, and backwards deleted.
 * @throws Error of one line where tables refer to each other in a circle
 */
export async function tenantTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    with found as (
      select c.oid, exists (
        select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped) as has_tenant_id
      from pg_class as c where relkind in ('r', 'p') and not relispartition
    )
    select oid::regclass::text as name,
      case when has_tenant_id then 'tenant_id' else 'id' end as tenant,
      (select json_agg(json_build_object(
          'name', quote_ident(attname), 'type', format_type(atttypid, atttypmod), 'isGenerated', attgenerated <> '',
          'sequence', pg_get_serial_sequence(attrelid::regclass::text, attname)) order by attnum)
        from pg_attribute where attrelid = found.oid and attnum > 0 and not attisdropped) as columns,
      array(
        select distinct confrelid::regclass::text from pg_constraint
        where conrelid = found.oid and contype = 'f' and conparentid = 0 and confrelid <> conrelid) as references,
      (select coalesce(json_agg(json_build_object(
          'from', ${keyColumns('conkey', 'conrelid')}, 'to', ${keyColumns('confkey', 'conrelid')})), '[]')
        from pg_constraint
        where conrelid = found.oid and contype = 'f' and conparentid = 0 and confrelid = conrelid) as "selfReferences"
    from found where has_tenant_id or oid = 'tenants'::regclass
    order by oid <> 'tenants'::regclass, name`);
  return inOrder(rows);
}

function inOrder(tables: Table[]): Table[] {
  const ordered: Table[] = [];
  while (ordered.length < tables.length) {
    const isThere = (name: string) => ordered.some((table) => table.name === name);
    const next = tables.find(({ name, references }) => !isThere(name) && references.every(isThere));
    if (!next) {
      const circle = tables.filter(({ name }) => !isThere(name)).map(({ name }) => name);
      throw new Error(`Foreign keys lead in a circle among ${circle.join(', ')}: this command cannot copy those yet.`);
    }
    ordered.push(next);
  }
  return ordered;
}

/**
 * How the tables of two databases differ, as far as copying is concerned: a name or type of a table or column that one of
 * them lacks. Nothing where rows of one fit into the other.
 */
export function differences(here: Table[], there: Table[]): string[] {
  const lines = (tables: Table[]) =>
    tables.flatMap(({ name, columns }) =>
      columns.map((column) => `${name}.${column.name} ${column.type}${column.isGenerated ? ' generated' : ''}`),
    );
  const [ours, theirs] = [lines(here), lines(there)];
  return [...ours.filter((line) => !theirs.includes(line)), ...theirs.filter((line) => !ours.includes(line))];
}

/** The triggers of these tables that act even while rows are copied: none, if rest_while_copying() was given every table. */
export async function restlessTriggers(client: ClientBase, tables: Table[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select tgname || ' on ' || tgrelid::regclass as name from pg_trigger
     where tgrelid = any ($1::text[]::regclass[]) and not tgisinternal and tgparentid = 0
     and position('current_setting(''app.copying''::text, true)' in pg_get_triggerdef(oid)) = 0
     order by 1`,
    [tables.map(({ name }) => name)],
  );
  return rows.map(({ name }) => name);
}
