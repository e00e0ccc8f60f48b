import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { clone, hostOf } from './database.ts';
import { COURIER_ROLE, JANITOR_ROLE, WORKER_ROLE } from './global-setup.ts';

/* Further databases beside that of a test file, among which tenants are spread. */

export interface Shard {
  /** As the superuser, past row-level security. */
  admin: pg.Client;
  /** The Worker's URL. */
  url: string;
  janitorUrl: string;
  courierUrl: string;
}

/** By name, in the order of `SHARDS`. Filled before the tests of a file. */
export type TestShards = Map<string, Shard>;

/**
 * Clones the template once for each name, on as many servers as the run has: each on one of its own where there are three.
 * @param host of the URLs, with its port; by default the name by which `startEndpoint()` knows the server
 */
export function useShards(names: string[], host = hostOf): TestShards {
  const shards: TestShards = new Map();
  const cleanUp = new AsyncDisposableStack();

  beforeAll(async () => {
    const servers = inject('adminUrls');
    for (const [n, name] of names.entries()) {
      const at = n % servers.length;
      const database = `test_${randomUUID().replaceAll('-', '')}`;
      const admin = await clone(database, new URL(servers[at] ?? ''), cleanUp);
      shards.set(name, {
        admin,
        url: `postgres://${WORKER_ROLE}:worker@${host(at)}/${database}`,
        janitorUrl: `postgres://${JANITOR_ROLE}:janitor@${host(at)}/${database}`,
        courierUrl: `postgres://${COURIER_ROLE}:courier@${host(at)}/${database}`,
      });
    }
  });

  afterAll(() => cleanUp.disposeAsync());

  return shards;
}

/** The bindings that name these databases, for requests, the purge and deliveries. */
export function bindingsOf(shards: TestShards): Pick<Bindings, 'SHARDS' | 'JANITOR_SHARDS' | 'COURIER_SHARDS'> {
  const json = (url: (shard: Shard) => string) =>
    JSON.stringify(Object.fromEntries([...shards].map(([name, shard]) => [name, url(shard)])));
  return {
    SHARDS: json(({ url }) => url),
    JANITOR_SHARDS: json(({ janitorUrl }) => janitorUrl),
    COURIER_SHARDS: json(({ courierUrl }) => courierUrl),
  };
}
