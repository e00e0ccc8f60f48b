import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { type NeonEndpoint, type NeonEndpointOptions, startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { homeByHash } from '../../src/db/shards/home-by-hash.ts';
import { COURIER_ROLE, JANITOR_ROLE, startTestCluster, TEMPLATE, WORKER_ROLE } from './global-setup.ts';
import { databaseBehind, startPgdog } from './pgdog.ts';
import { shardedAdmin } from './sharded-admin.ts';
import { startWire, type Wire } from './wire.ts';

/** What leads to the databases of a test file. */
interface Way {
  /** Of the local Neon endpoint; empty where connections are kept. */
  readonly url: string;
  /** How often a database has been asked. */
  readonly requests: number;
  /** Lets nobody through any more. May be called again. */
  stop(): Promise<void>;
}

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
  endpoint: Way;
  /** The name of the database that has a tenant, where there are several. */
  homeOf(tenantId: string): Promise<string>;
  /** Opens a session at the home of a tenant: as the Worker's role, or as the superuser in that database or another of its server. */
  connect(tenantId: string, as?: 'worker' | 'superuser', database?: string): Promise<pg.Client>;
  /** The bindings of requests with another login. */
  loginAs(login: { username?: string; password?: string }): Pick<Bindings, 'DATABASE_URL' | 'SHARDS'>;
  /**
   * The bindings of several databases, each on a server of its own, among which the tenants of the file are spread: in the
   * tier `sharded`, and in any by ONETRIP_SHARDS=3.
   */
  shards:
    | Pick<
        Bindings,
        'SHARDS' | 'JANITOR_SHARDS' | 'COURIER_SHARDS' | 'SHARDS_BY_HASH' | 'DATABASE_URL' | 'SHARDING_KEY'
      >
    | undefined;
}

/** Whether the tier `server` has a PgDog before them. */
const IS_PROXIED = process.env.ONETRIP_PGDOG === '1';

/** One of the databases of a test file. */
interface Shard {
  /** The first has the name of the file's database alone, and the others their letter behind it. */
  name: string;
  /** The superuser's URL of its server. */
  server: URL;
  admin: pg.Client;
  /** Where its server is for the driver, with the port where there is one. */
  host: string;
}

/** Whether the tenants of a test file are in several databases, and which one it is says the API, not a proxy. */
export function isSpread(): boolean {
  return inject('databases') > 1 && !isBehindProxy();
}

function isBehindProxy(): boolean {
  return IS_PROXIED && inject('databases') > 1 && inject('tier') === 'server';
}

/** The host by which a local Neon endpoint knows a server: it demands a name, and looks none up. */
export const hostOf = (server: number): string => (server === 0 ? 'localhost' : `server-${server}`);

/** Where a server is for who connects to it. */
export const addressOf = (server: number): string => new URL(inject('adminUrls')[server] ?? '').host;

/** A local Neon endpoint before all servers of the tests, or before those that are given. */
export function startEndpoint(
  servers = inject('adminUrls').map((url) => new URL(url)),
  options: Omit<NeonEndpointOptions, 'postgres' | 'computes'> = {},
): Promise<NeonEndpoint> {
  const [postgres, ...others] = servers.map(({ port }) => ({ host: '127.0.0.1', port: Number(port) }));
  if (!postgres) throw new Error('There is no server.');
  const computes = Object.fromEntries(others.map((address, n) => [hostOf(n + 1), address]));
  return startNeonEndpoint({ postgres, computes, ...options });
}

/** Several wires as one. */
function allOf(wires: Wire[]): Way {
  return {
    url: '',
    get requests() {
      return wires.reduce((sum, { requests }) => sum + requests, 0);
    },
    stop: async () => {
      await Promise.all(wires.map((wire) => wire.stop()));
    },
  };
}

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
  const count = inject('databases');
  const shards = new Map<string, Shard>();
  const cleanUp = new AsyncDisposableStack();

  /** The bindings of several databases: by name where each is for a role. */
  const json = (login: string, host = (shard: Shard) => shard.host) =>
    JSON.stringify(
      Object.fromEntries([...shards].map(([letter, one]) => [letter, `postgres://${login}@${host(one)}/${one.name}`])),
    );
  const allRoles = (host?: (shard: Shard) => string) => ({
    SHARDS: json(`${WORKER_ROLE}:worker`, host),
    JANITOR_SHARDS: json(`${JANITOR_ROLE}:janitor`, host),
    COURIER_SHARDS: json(`${COURIER_ROLE}:courier`, host),
  });

  database.homeOf = async (tenantId) => homeByHash(tenantId, [...shards.keys()]);
  database.connect = async (tenantId, as = 'worker', of) => {
    const { server, name: home } = shards.get(await database.homeOf(tenantId)) as Shard;
    const login = as === 'worker' ? { username: WORKER_ROLE, password: 'worker' } : {};
    const url = Object.assign(new URL(server), login, { pathname: `/${of ?? home}` });
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    return client;
  };
  database.loginAs = (login) => {
    const as = (url: string) => Object.assign(new URL(url), login).href;
    const urls = Object.entries(JSON.parse(database.shards?.SHARDS ?? '{}') as Record<string, string>);
    const SHARDS = JSON.stringify(Object.fromEntries(urls.map(([shard, url]) => [shard, as(url)])));
    return { DATABASE_URL: as(database.url), ...(database.shards ? { SHARDS } : {}) };
  };

  beforeAll(async () => {
    for (const [n, letter] of [...'abcdefghi'].slice(0, count).entries()) {
      const server = new URL(
        ownCluster ? await startTestCluster(inject('clusterFiles'), cleanUp) : (inject('adminUrls')[n] ?? ''),
      );
      const one = n === 0 ? name : `${name}_${letter}`;
      const admin = await clone(one, server, cleanUp);
      shards.set(letter, { name: one, server, admin, host: hostOf(n) });
      await prepare?.(admin);
    }
    const clients = new Map([...shards].map(([letter, { admin }]) => [letter, admin]));
    const [first] = shards.values();
    if (!first) throw new Error('There is no database.');
    database.admin = count === 1 ? first.admin : shardedAdmin(clients, (tenant) => database.homeOf(tenant));
    if (['lambda', 'server'].includes(inject('tier'))) {
      const wires: Wire[] = [];
      for (const shard of shards.values()) {
        const wire = await startWire(Number(shard.server.port));
        shard.host = `127.0.0.1:${wire.port}`;
        wires.push(wire);
      }
      database.endpoint = allOf(wires);
    } else database.endpoint = await startEndpoint([...shards.values()].map(({ server }) => server));
    database.url = `postgres://${WORKER_ROLE}:worker@${first.host}/${name}`;
    database.courierUrl = `postgres://${COURIER_ROLE}:courier@${first.host}/${name}`;
    database.janitorUrl = `postgres://${JANITOR_ROLE}:janitor@${first.host}/${name}`;
    database.shards = count === 1 ? undefined : { ...allRoles(), SHARDS_BY_HASH: [...shards.keys()].join(',') };
    if (isBehindProxy() && database.shards) {
      const direct = ({ server }: Shard) => `127.0.0.1:${server.port}`;
      const urls = new Map(
        [...shards].map(([letter, one]) => [letter, `postgres://${WORKER_ROLE}:worker@${direct(one)}/${one.name}`]),
      );
      const proxy = new URL(await startPgdog(urls, cleanUp));
      const behind = proxy.href;
      const homes = new Map<string, string>();
      database.homeOf = async (tenant) => {
        const home = homes.get(tenant) ?? (await databaseBehind(behind, tenant));
        homes.set(tenant, home);
        return [...shards].find(([, one]) => one.name === home)?.[0] ?? '';
      };
      // The way to the databases that is counted and cut leads to the proxy.
      await database.endpoint.stop();
      const before = await startWire(Number(proxy.port));
      proxy.port = String(before.port);
      database.endpoint = before;
      Object.assign(database.shards, {
        DATABASE_URL: proxy.href,
        SHARDING_KEY: 'pgdog.sharding_key',
        ...allRoles(direct),
      });
    }
  });

  afterAll(async () => {
    await database.endpoint?.stop();
    await cleanUp.disposeAsync();
  });

  return database;
}

/** Clones the template on a server. @param cleanUp then has what drops the clone, and ends the superuser's client of it */
export async function clone(name: string, server: URL, cleanUp: AsyncDisposableStack): Promise<pg.Client> {
  const asSuperuser = async (...statements: string[]) => {
    const client = new pg.Client({ connectionString: server.href });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  cleanUp.defer(() => asSuperuser(`drop database if exists ${name} with (force)`));
  await asSuperuser(
    // Copied as files, which takes half of what writing every page to the log does.
    `create database ${name} template ${TEMPLATE} strategy file_copy`,
    // As the migrations did in the template: the privileges of a database are not copied with it.
    `revoke temporary on database ${name} from public`,
  );
  const admin = new pg.Client({ connectionString: Object.assign(new URL(server), { pathname: `/${name}` }).href });
  await admin.connect();
  cleanUp.defer(() => admin.end());
  return admin;
}
