import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import { type Bindings, bindingsSchema, connectionOptions, missing, parseBindings } from './bindings.ts';

const schema = bindingsSchema.pick({ JANITOR_DATABASE_URL: true, NEON_ENDPOINT: true, SLOW_QUERY_MS: true });

/** Where the scheduled purge works. @throws Error with one clear line, which names the variable and holds no value */
export function readJanitorConfig(bindings: Bindings): DatabaseConfig {
  const { JANITOR_DATABASE_URL: url, ...rest } = parseBindings(schema, bindings);
  if (!url) throw new Error(missing('JANITOR_DATABASE_URL is not set'));
  return { url, ...connectionOptions(rest) };
}
