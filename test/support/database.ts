import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { type NeonEndpoint, startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { COURIER_ROLE, JANITOR_ROLE, startTestCluster, TEMPLATE, WORKER_ROLE } from './global-setup.ts';
import { databaseBehind, startPgdog } from './pgdog.ts';
import { shardedAdmin } from './sharded-admin.ts';
import { startWire, type Wire } from './wire.ts';

/** A database of this test file's own, behind a local Neon endpoint of its own, or a wire to PostgreSQL for the driver that keeps connections. */
export interface TestDatabase {
  readonly name: string;
  /** As the superuser, past row-level security: for looking at what is stored, and for breaking things. */
  admin: pg.Client;
  /** The Worker's own URL, for the driver. */
  url: string;
  /** The same for the scheduled purge. */
  janitorUrl: string;
  /** The same for delivering to webhooks. */
  courierUrl: string;
  endpoint: NeonEndpoint | Wire;
  /** The bindings of several databases, among which the tenants of the file are spread: in the tier `sharded`, or by ONETRIP_SHARDS=3. */
  shards:
    | Pick<
        Bindings,
        'SHARDS' | 'JANITOR_SHARDS' | 'COURIER_SHARDS' | 'SHARDS_BY_HASH' | 'DATABASE_URL' | 'SHARDING_KEY'
      >
    | undefined;
}

/** How many databases a test file has. */
const SHARDS = Number(process.env.ONETRIP_SHARDS ?? 1);
/** Whether the tier `server` has a PgDog before them. */
const IS_PROXIED = process.env.ONETRIP_PGDOG === '1';

/**
 * Clones the template before the tests of a file, and drops the clone after them.
 * @param ownCluster whether the file has a PostgreSQL of its own, where no transaction of another file runs
 */
export function useDatabase({
  prepare,
  ownCluster = false,
}: {
  prepare?: (admin: pg.Client) => Promise<void>;
  ownCluster?: boolean;
} = {}): TestDatabase {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const database = { name } as TestDatabase;
  const count = inject('tier') === 'sharded' ? 3 : SHARDS;
  /** The first has the name alone, and the others its letter behind it. */
  const names = new Map(
    [...'abcdefghi'].slice(0, count).map((shard) => [shard, shard === 'a' ? name : `${name}_${shard}`]),
  );
  const isProxied = IS_PROXIED && count > 1 && inject('tier') === 'server';
  let adminUrl = new URL(inject('adminUrl'));
  const cleanUp = new AsyncDisposableStack();

  const asSuperuser = async <T>(work: (client: pg.Client) => Promise<T>) => {
    const client = new pg.Client({ connectionString: adminUrl.href });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    if (ownCluster) adminUrl = new URL(await startTestCluster(cleanUp));
    await asSuperuser(async (client) => {
      for (const one of names.values()) {
        // Copied as files, which takes half of what writing every page to the log does.
        await client.query(`create database ${one} template ${TEMPLATE} strategy file_copy`);
        // As the migrations did in the template: the privileges of a database are not copied with it.
        await client.query(`revoke temporary on database ${one} from public`);
      }
    });
    const clients = new Map<string, pg.Client>();
    for (const [shard, one] of names) {
      const own = new URL(adminUrl);
      own.pathname = `/${one}`;
      const client = new pg.Client({ connectionString: own.href });
      await client.connect();
      clients.set(shard, client);
      await prepare?.(client);
    }
    database.admin = count === 1 ? (clients.get('a') as pg.Client) : shardedAdmin(clients);
    const port = Number(adminUrl.port);
    const keepsConnections = ['lambda', 'server'].includes(inject('tier'));
    const wire = keepsConnections ? await startWire(port) : undefined;
    database.endpoint = wire ?? (await startNeonEndpoint({ postgres: { host: '127.0.0.1', port } }));
    const host = wire ? `127.0.0.1:${wire.port}` : 'localhost';
    database.url = `postgres://${WORKER_ROLE}:worker@${host}/${name}`;
    database.courierUrl = `postgres://${COURIER_ROLE}:courier@${host}/${name}`;
    database.janitorUrl = `postgres://${JANITOR_ROLE}:janitor@${host}/${name}`;
    const json = (login: string, at = host) =>
      JSON.stringify(Object.fromEntries([...names].map(([shard, one]) => [shard, `postgres://${login}@${at}/${one}`])));
    database.shards =
      count === 1
        ? undefined
        : {
            SHARDS: json(`${WORKER_ROLE}:worker`),
            JANITOR_SHARDS: json(`${JANITOR_ROLE}:janitor`),
            COURIER_SHARDS: json(`${COURIER_ROLE}:courier`),
            SHARDS_BY_HASH: [...names.keys()].join(','),
          };
    if (isProxied && database.shards) {
      const login = `postgres://${WORKER_ROLE}:worker@127.0.0.1:${port}`;
      const proxy = new URL(
        await startPgdog(new Map([...names].map(([shard, one]) => [shard, `${login}/${one}`])), cleanUp),
      );
      const direct = proxy.href;
      const homes = new Map<string, string>();
      database.admin = shardedAdmin(clients, async (tenant) => {
        const home = homes.get(tenant) ?? (await databaseBehind(direct, tenant));
        homes.set(tenant, home);
        return [...names].find(([, one]) => one === home)?.[0] ?? '';
      });
      // The way to the databases that is counted and cut leads to the proxy.
      await database.endpoint.stop();
      const before = await startWire(Number(proxy.port));
      proxy.port = String(before.port);
      database.endpoint = before;
      Object.assign(database.shards, {
        DATABASE_URL: proxy.href,
        SHARDING_KEY: 'pgdog.sharding_key',
        SHARDS: json(`${WORKER_ROLE}:worker`, `127.0.0.1:${port}`),
        JANITOR_SHARDS: json(`${JANITOR_ROLE}:janitor`, `127.0.0.1:${port}`),
        COURIER_SHARDS: json(`${COURIER_ROLE}:courier`, `127.0.0.1:${port}`),
      });
    }
  });

  afterAll(async () => {
    await database.endpoint?.stop();
    await database.admin?.end();
    await asSuperuser(async (client) => {
      for (const one of names.values()) await client.query(`drop database if exists ${one} with (force)`);
    });
    await cleanUp.disposeAsync();
  });

  return database;
}
