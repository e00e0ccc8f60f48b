import type { ClientBase } from 'pg';

/* What a database stores of tenants. The tables are read from PostgreSQL's catalogue, so that a new one is never forgotten. */

/** The names of all tables with rows of tenants: those with a `tenant_id`. A partition counts as its whole. */
export async function tenantTables(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attrelid::regclass::text as name from pg_attribute join pg_class as c on c.oid = attrelid
     where attname = 'tenant_id' and not attisdropped and relkind in ('r', 'p') and not relispartition
     order by 1`,
  );
  if (rows.length === 0) throw new Error('The catalogue knows no table with a tenant_id.');
  return rows.map(({ name }) => name);
}

/**
 * Every row of every such table, and of `tenants`, as text and in a fixed order, by the table's name: to compare before and after.
 * @param client a superuser's, whom row-level security hides nothing from
 * @param tenantId leaves out the rows of all other tenants
 */
export async function storedRows(client: ClientBase, tenantId?: string): Promise<Record<string, string[]>> {
  const columns: [string, string][] = [['tenants', 'id']];
  for (const table of await tenantTables(client)) columns.push([table, 'tenant_id']);
  const one = ([table, column]: [string, string]) =>
    `select '${table}' as name, t::text as row from ${table} as t ${tenantId ? `where ${column} = '${tenantId}'` : ''}`;
  const { rows } = await client.query<{ name: string; row: string }>(
    `${columns.map(one).join(' union all ')} order by name, row`,
  );
  const stored: Record<string, string[]> = Object.fromEntries(columns.map(([table]) => [table, []]));
  for (const { name, row } of rows) stored[name]?.push(row);
  return stored;
}

/** Turns row-level security off in a test's own database, to show that the tenant predicates alone keep tenants apart. */
export async function disableRowLevelSecurity(client: ClientBase): Promise<void> {
  for (const table of ['tenants', 'tenant_directory', ...(await tenantTables(client))]) {
    await client.query(`alter table ${table} no force row level security, disable row level security`);
  }
}
