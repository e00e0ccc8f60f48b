import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { moveTenant } from '../../dev/move/move.ts';
import { undoMove } from '../../dev/move/undo.ts';
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

/**
 * Has a database not be there for as long as the work takes: who logs in finds it full, as SQLSTATE 53300.
 * @param shard its name
 */
export async function closed<T>(shards: TestShards, shard: string, work: () => Promise<T>): Promise<T> {
  const admin = shards.get(shard)?.admin;
  const name = new URL(shards.get(shard)?.url ?? '').pathname.slice(1);
  // A superuser gets in all the same.
  await admin?.query(`alter database ${name} connection limit 0`);
  await admin?.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename <> $2', [
    name,
    'postgres',
  ]);
  try {
    return await work();
  } finally {
    await admin?.query(`alter database ${name} connection limit -1`);
  }
}

/**
 * Moves a tenant as `npm run move-tenant` does, as a superuser.
 * @param to its new home; undefined to take the move back
 * @param meanwhile called before each step, which does not come if it throws
 */
export async function moveWhole(
  shards: TestShards,
  tenantId: string,
  to: string | undefined,
  meanwhile: (doing: string) => Promise<void> | void = () => {},
): Promise<void> {
  const owners = await Promise.all(
    [...shards].map(async ([name, { admin }]) => {
      const { host, port, user, password, database } = admin;
      const client = new pg.Client({ host, port, user, password, database } as pg.ClientConfig);
      await client.connect();
      return { name, client };
    }),
  );
  const step = async <T>(doing: string, work: (progress: () => void) => Promise<T>) => {
    await meanwhile(doing);
    return work(() => {});
  };
  const move = { shards: owners, tenantId, step };
  await (to === undefined ? undoMove(move) : moveTenant(move, to)).finally(() =>
    Promise.all(owners.map(({ client }) => client.end())),
  );
}
