import { openDriver } from '#database-driver';
import type { DatabaseConfig, Driver, PoolState } from './drivers/driver.ts';

/* The drivers of this process: one for each database and role, kept for as long as the process lives. */

const drivers = new Map<string, { driver: Driver; config: DatabaseConfig }>();

/** The driver of a database, with the connections that it may have. */
export function driverFor(config: DatabaseConfig): Driver {
  const key = `${config.url} ${config.endpoint} ${config.shardingKey}`;
  const open = drivers.get(key) ?? { driver: openDriver(config), config };
  drivers.set(key, open);
  return open.driver;
}

/** A pool of connections, and whose they are. */
export interface Pool extends PoolState {
  /** Of the database server, with its port where the URL has one. */
  host: string;
  /** The role that logs in. */
  role: string;
  /** The name of the database, where it is one of several. */
  shard?: string;
}

/** The pools that have been opened so far. Neon's driver has none. */
export function openPools(): Pool[] {
  return [...drivers.values()].flatMap(({ driver, config: { url, shard } }) => {
    const { host, username } = new URL(url);
    const role = decodeURIComponent(username);
    return driver.pool ? [{ host, role, ...(shard ? { shard } : {}), ...driver.pool() }] : [];
  });
}

/** Closes all connections, each when the batch that it carries has ended. Nothing can be asked afterwards. */
export async function closePools(): Promise<void> {
  await Promise.all([...drivers.values()].map(({ driver }) => driver.close?.()));
}
