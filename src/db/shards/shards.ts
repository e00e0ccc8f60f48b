import type { DatabaseConfig } from '../client/drivers/driver.ts';

/** What is used of a key-value store: the API of Cloudflare KV. */
export interface TenantKeyValues {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** The databases among which tenants are spread, each of them whole in one. */
export interface Shards {
  /** By name. The first one has the directory of tenants that are not where their ids say. */
  databases: ReadonlyMap<string, DatabaseConfig>;
  /**
   * Names of databases, of which a tenant's id gives one, its home unless the directory or a database says otherwise. A name
   * that is there twice has twice as many tenants. Never changed, because that would look for tenants where they are not.
   */
  byHash: readonly string[];
  /** Those that take new tenants; again as often as they are to have more of them. */
  forNew: readonly string[];
  /** A copy of the directory near the caller, which may be out of date. */
  keyValues?: TenantKeyValues | undefined;
  /** Whether these are read replicas: what they know may be out of date, too. */
  mayLag?: true;
  /** A sharding proxy before all of them, which decides where a tenant is, in place of everything above. */
  proxy?: DatabaseConfig | undefined;
}

/** The name of the first database. */
export function firstOf({ databases }: Shards): string {
  const [name = ''] = databases.keys();
  return name;
}

/** @throws Error where there is no database of that name */
export function databaseOf({ databases }: Shards, name: string): DatabaseConfig {
  const database = databases.get(name);
  if (!database) throw new Error(`There is no database ${name}.`);
  return database;
}
