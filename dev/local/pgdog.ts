import type { ClientBase } from 'pg';
import type { ShardUrls } from '../../src/config/shards.ts';

/*
 * The configuration of PgDog for these databases and this schema (https://docs.pgdog.dev/configuration/): `pgdog.toml`, and
 * `users.toml` with the role that logs in there.
 */

/** A table that has a tenant's rows, and the column that says whose they are. */
export interface ShardedTable {
  table: string;
  column: string;
}

/**
 * All tables with rows of tenants, by the catalogue, so that none can be forgotten: those with `tenant_id`, and `tenants`.
 * @param client logged in to a migrated database as any role
 */
export async function shardedTables(client: ClientBase): Promise<ShardedTable[]> {
  const { rows } = await client.query<ShardedTable>(`
    select relname::text as table, attname::text as column
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and not attisdropped
      and (attname = 'tenant_id' or (relname = 'tenants' and attname = 'id'))
    order by relname`);
  return rows;
}

/** Where PgDog listens. */
export interface PgdogAddress {
  host: string;
  port: number;
}

/** What PgDog calls the databases together: the name of the database in `DATABASE_URL`. */
export const PGDOG_DATABASE = 'onetrip';

/** The files by name. @param shards the databases in the order of `SHARDS`, which must never change: the order has the hash */
export function pgdogFiles(
  shards: ShardUrls,
  tables: ShardedTable[],
  { host, port }: PgdogAddress,
): Record<'pgdog.toml' | 'users.toml', string> {
  const urls = [...shards].map(([name, url]) => ({ name, url: new URL(url) }));
  const first = urls[0]?.url as URL;
  return {
    'pgdog.toml': toml([
      [
        '[general]',
        {
          host,
          port,
          pooler_mode: 'transaction',
          query_parser: 'on',
          prepared_statements: 'extended',
          // What has no sharding key is refused, in place of asked of all databases.
          cross_shard_disabled: true,
          // Long enough to connect, and short enough to tell soon that a database is down (ms).
          connect_timeout: 2000,
          checkout_timeout: 3000,
          tls_verify: urls.some(({ url }) => isEncrypted(url)) ? 'verify_full' : 'disabled',
        },
      ],
      ...urls.map(
        ({ name, url }, shard) =>
          [
            `# ${name}\n[[databases]]`,
            {
              name: PGDOG_DATABASE,
              shard,
              role: 'primary',
              host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
              port: Number(url.port || 5432),
              database_name: decodeURIComponent(url.pathname.slice(1)),
              user: decodeURIComponent(url.username),
              password: decodeURIComponent(url.password),
            },
          ] as const,
      ),
      ...tables.map(
        ({ table, column }) =>
          ['[[sharded_tables]]', { database: PGDOG_DATABASE, name: table, column, data_type: 'uuid' }] as const,
      ),
    ]),
    'users.toml': toml([
      [
        '[[users]]',
        {
          name: decodeURIComponent(first.username),
          database: PGDOG_DATABASE,
          password: decodeURIComponent(first.password),
        },
      ],
    ]),
  };
}

/** TLS is asked for by each of libpq's modes but these, of which `prefer` and `allow` promise nothing. */
function isEncrypted(url: URL): boolean {
  return !['disable', 'allow', 'prefer', ''].includes(url.searchParams.get('sslmode') ?? '');
}

type Value = string | number | boolean;

/** Strings of JSON are strings of TOML 1.0. */
function toml(sections: readonly (readonly [header: string, members: Record<string, Value>])[]): string {
  return sections
    .map(([header, members]) => {
      const lines = Object.entries(members).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
      return `${header}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}
