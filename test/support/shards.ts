import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { moveTenant } from '../../dev/move/move.ts';
import { undoMove } from '../../dev/move/undo.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { COURIER_ROLE, JANITOR_ROLE, TEMPLATE, WORKER_ROLE } from './global-setup.ts';

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
 * Clones the template once for each name, on the cluster of the tests.
 * @param host of the URLs, with its port; `localhost` where a Neon endpoint is told the host otherwise
 */
export function useShards(names: string[], host = () => 'localhost'): TestShards {
  const shards: TestShards = new Map();
  const databases = names.map(() => `test_${randomUUID().replaceAll('-', '')}`);
  const adminUrl = new URL(inject('adminUrl'));

  const asSuperuser = async (statements: string[]) => {
    const client = new pg.Client({ connectionString: adminUrl.href });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };

  beforeAll(async () => {
    await asSuperuser(databases.map((database) => `create database ${database} template ${TEMPLATE}`));
    for (const [n, name] of names.entries()) {
      const database = databases[n] ?? '';
      const own = new URL(adminUrl);
      own.pathname = `/${database}`;
      const admin = new pg.Client({ connectionString: own.href });
      await admin.connect();
      shards.set(name, {
        admin,
        url: `postgres://${WORKER_ROLE}:worker@${host()}/${database}`,
        janitorUrl: `postgres://${JANITOR_ROLE}:janitor@${host()}/${database}`,
        courierUrl: `postgres://${COURIER_ROLE}:courier@${host()}/${database}`,
      });
    }
  });

  afterAll(async () => {
    for (const { admin } of shards.values()) await admin.end();
    await asSuperuser(databases.map((database) => `drop database if exists ${database} with (force)`));
  });

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
  const admin = shards.get(shard === 'a' ? 'b' : 'a')?.admin;
  const name = new URL(shards.get(shard)?.url ?? '').pathname.slice(1);
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
      const url = Object.assign(new URL(inject('adminUrl')), { pathname: admin.database });
      const client = new pg.Client({ connectionString: url.href });
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
