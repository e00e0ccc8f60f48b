import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';
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
  NEON_ENDPOINT: true,
  SLOW_QUERY_MS: true,
  DEVELOPMENT: true,
});

/** @throws Error with one clear line, which names the variable and holds no value */
export function readCourierConfig(bindings: Bindings): CourierConfig {
  const { COURIER_DATABASE_URL: url, DEVELOPMENT, ...rest } = parseBindings(schema, bindings);
  if (!url) throw new Error(missing('COURIER_DATABASE_URL is not set'));
  return {
    database: { url, ...connectionOptions(rest) },
    keys: readWebhookKeys(bindings),
    isDevelopment: DEVELOPMENT === 'true',
  };
}

/** Whether this deployment is given what delivering needs. */
export function hasCourier(bindings: Bindings): boolean {
  return Boolean(bindings.COURIER_DATABASE_URL);
}
