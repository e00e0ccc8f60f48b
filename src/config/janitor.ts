import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import type { Shards } from '../db/shards/shards.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';
import { databasesOf, shardsOf } from './shards.ts';

/** Where the scheduled purge works. */
export interface JanitorConfig {
  /** The database; all of them, where there are several. */
  databases: DatabaseConfig[];
  /** Where there are several, what says which tenant is in which. */
  shards?: Shards;
}

const schema = bindingsSchema.pick({
  JANITOR_DATABASE_URL: true,
  JANITOR_SHARDS: true,
  TENANT_DIRECTORY: true,
  NEON_ENDPOINT: true,
  SLOW_QUERY_MS: true,
});

/** @throws Error with one clear line, which names the variable and holds no value */
export function readJanitorConfig(bindings: Bindings): JanitorConfig {
  const { JANITOR_DATABASE_URL, JANITOR_SHARDS, TENANT_DIRECTORY, ...rest } = parseBindings(schema, bindings);
  const databases = databasesOf(
    ['JANITOR_DATABASE_URL', JANITOR_DATABASE_URL],
    ['JANITOR_SHARDS', JANITOR_SHARDS],
    connectionOptions(rest),
  );
  if (databases.length === 0) throw new Error(missing('JANITOR_DATABASE_URL is not set'));
  return { databases, ...(JANITOR_SHARDS ? { shards: shardsOf(databases, { TENANT_DIRECTORY }) } : {}) };
}

/** Whether this deployment is given what the purge needs. */
export function hasJanitor({ JANITOR_DATABASE_URL, JANITOR_SHARDS }: Partial<Bindings>): boolean {
  return Boolean(JANITOR_DATABASE_URL || JANITOR_SHARDS);
}
