import type { Bindings } from '../../config/config.ts';
import type { OpenDriver } from '../../db/client/drivers/driver.ts';

/**
 * The bindings of an instance, out of its environment variables. `DATABASE_DRIVER` is `pg`, which is the default, or
 * `neon`, for Neon's SQL over HTTP; anything else is refused with the rest of the configuration.
 * @param pg the driver of src/db/client/drivers/pg.ts, for a function that has a database
 */
export function readBindings(env: NodeJS.ProcessEnv, pg?: OpenDriver): Bindings {
  const { DATABASE_DRIVER: name, ...bindings } = env;
  const driver = name === 'neon' ? {} : { DATABASE_DRIVER: name && name !== 'pg' ? name : pg };
  return { ...bindings, ...driver } as unknown as Bindings;
}
