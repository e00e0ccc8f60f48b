import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';
import { databasesOf } from './shards.ts';
import { readWebhookKeys, type WebhookKeys } from './webhook-keys.ts';

/** What delivering to webhooks needs to know of its deployment. */
export interface CourierConfig {
  database: DatabaseConfig;
  keys: WebhookKeys;
  /** Whether http to this machine is allowed. */
  isDevelopment: boolean;
}

const schema = bindingsSchema.pick({
  COURIER_DATABASE_URL: true,
  COURIER_SHARDS: true,
  NEON_ENDPOINT: true,
  SLOW_QUERY_MS: true,
  DEVELOPMENT: true,
});

/** @throws Error with one clear line, which names the variable and holds no value */
export function readCourierConfig(bindings: Bindings): CourierConfig {
  return readCourierConfigs(bindings)[0] as CourierConfig;
}

/**
 * The same for each of several databases; one, where there is one.
 * @throws Error with one clear line, which names the variable and holds no value
 */
export function readCourierConfigs(bindings: Bindings): CourierConfig[] {
  const { COURIER_DATABASE_URL, COURIER_SHARDS, DEVELOPMENT, ...rest } = parseBindings(schema, bindings);
  const databases = databasesOf(
    ['COURIER_DATABASE_URL', COURIER_DATABASE_URL],
    ['COURIER_SHARDS', COURIER_SHARDS],
    connectionOptions(rest),
  );
  if (databases.length === 0) throw new Error(missing('COURIER_DATABASE_URL is not set'));
  const keys = readWebhookKeys(bindings);
  return databases.map((database) => ({ database, keys, isDevelopment: DEVELOPMENT === 'true' }));
}

/** Whether this deployment is given what delivering needs. */
export function hasCourier({ COURIER_DATABASE_URL, COURIER_SHARDS }: Partial<Bindings>): boolean {
  return Boolean(COURIER_DATABASE_URL || COURIER_SHARDS);
}
