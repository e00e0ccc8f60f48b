import type { DatabaseConfig } from '../db/client/drivers/driver.ts';
import type { Bindings } from './config.ts';

/** Where the scheduled purge works. @throws Error with one clear line. */
export function readJanitorConfig({ JANITOR_DATABASE_URL: url, ...bindings }: Bindings): DatabaseConfig {
  if (!url) throw new Error('JANITOR_DATABASE_URL is not set: the scheduled purge needs a role of its own');
  return { url, ...roadOf(bindings) };
}

/** How the database is reached, whoever logs in. */
export function roadOf({ NEON_ENDPOINT: endpoint }: Partial<Bindings>) {
  return endpoint ? { endpoint } : {};
}
