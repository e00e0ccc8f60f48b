import type pg from 'pg';

/* One client for several databases, so that what tests ask of one also works where their tenants are spread. */

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * A client that sends a statement to the home of the tenant whose id is in it, or among its parameters. Without one it goes to
 * all databases, and has the rows of all.
 * @param homeOf says which one it is
 */
export function shardedAdmin(
  clients: ReadonlyMap<string, pg.Client>,
  homeOf: (tenant: string) => Promise<string>,
): pg.Client {
  const names = [...clients.keys()];
  const first = clients.get(names[0] ?? '') as pg.Client;
  const tenants = new Set<string>();

  const query = async (statement: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult> => {
    const text = typeof statement === 'string' ? statement : statement.text;
    const parameters = values ?? (typeof statement === 'string' ? [] : (statement.values ?? []));
    const ids = `${text} ${JSON.stringify(parameters)}`.match(UUID) ?? [];
    // What is made of a tenant names the tenant first.
    if (/^\s*insert into tenants\b/.test(text) && ids[0]) tenants.add(ids[0]);
    const tenant = ids.find((id) => tenants.has(id));
    const asked = tenant ? [await homeOf(tenant)] : names;
    const results: pg.QueryResult[] = [];
    for (const name of asked) results.push(await (clients.get(name) as pg.Client).query(statement, values));
    const rows = results.flatMap((result) => result.rows);
    const rowCount = results.reduce((sum, result) => sum + (result.rowCount ?? 0), 0);
    return { ...(results[0] as pg.QueryResult), rows, rowCount };
  };

  const end = async () => {
    for (const client of clients.values()) await client.end();
  };

  return new Proxy(first, {
    get: (target, member) => {
      if (member === 'query') return query;
      if (member === 'end') return end;
      const value = Reflect.get(target, member);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
