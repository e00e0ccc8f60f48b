import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject, onTestFinished, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../dev/local/postgres.ts';
import { type NeonEndpoint, startNeonEndpoint } from '../../dev/neon-endpoint/index.ts';
import type { Bindings } from '../../src/config/bindings.ts';
import { JWT_SECRET } from '../support/api.ts';
import { copyCluster, TEMPLATE, WORKER_ROLE } from '../support/global-setup.ts';

/* A PostgreSQL that a test may stop and kill, with the API before it. */

/** Asks the database as its superuser. */
export type Ask = (sql: string, parameters?: unknown[]) => Promise<Record<string, unknown>[]>;

/** Ways of going down: the two orderly ones of the manual's "Shutting Down the Server", and none at all. */
export type WayDown = 'fast' | 'immediate' | 'kill';

const DATABASE = 'faults';

/** How long a server may take until it lets somebody in again (ms). */
const START_TIMEOUT_MS = 30_000;

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export class Cluster {
  readonly bindings: Bindings;
  readonly endpoint: NeonEndpoint;
  readonly #directory: string;
  readonly #settings: Record<string, string>;
  #postgres: PostgresServer;

  private constructor(
    directory: string,
    settings: Record<string, string>,
    postgres: PostgresServer,
    endpoint: NeonEndpoint,
  ) {
    this.#directory = directory;
    this.#settings = { ...settings, port: String(postgres.port) };
    this.#postgres = postgres;
    this.endpoint = endpoint;
    this.bindings = {
      DATABASE_URL: `postgres://${WORKER_ROLE}:worker@localhost/${DATABASE}`,
      NEON_ENDPOINT: endpoint.url,
      JWT_SECRET,
    };
  }

  /**
   * A new cluster with a database, with all migrations and the roles that log in unless `migrated` is false. What is
   * committed survives a crash of the server (of the machine it would not: there is no fsync). `cleanUp` then has what takes
   * everything away again.
   */
  static async start(
    cleanUp: AsyncDisposableStack,
    { settings = {}, migrated = true }: { settings?: Record<string, string>; migrated?: boolean } = {},
  ): Promise<Cluster> {
    const directory = await mkdtemp(join(tmpdir(), 'onetrip-faults-'));
    cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
    const dataDir = join(directory, 'data');
    if (migrated) await copyCluster(inject('clusterFiles'), dataDir);
    const all = { synchronous_commit: 'on', ...settings };
    const postgres = await startPostgres({ dataDir, durable: false, settings: all });
    let cluster: Cluster | undefined;
    cleanUp.defer(() => (cluster ? cluster.#postgres.stop() : postgres.stop()));
    const endpoint = await startNeonEndpoint({ postgres: { host: '127.0.0.1', port: postgres.port } });
    cleanUp.defer(() => endpoint.stop());
    cluster = new Cluster(dataDir, all, postgres, endpoint);
    const template = migrated ? TEMPLATE : 'template1';
    await connected(postgres.adminUrl, async (admin) => {
      await admin.query(`create database ${DATABASE} template ${template}`);
      // As the migrations did in the template: the privileges of a database are not copied with it.
      await admin.query(`revoke temporary on database ${DATABASE} from public`);
    });
    return cluster;
  }

  /** The Worker's role, once there is one to be a member of. */
  async makeWorker(): Promise<void> {
    await this.ask(`create role ${WORKER_ROLE} login password 'worker' in role onetrip_app`);
  }

  /** Work of the superuser's in another database than this one. */
  outside<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
    return connected(this.#postgres.adminUrl, work);
  }

  /** The database, as the superuser or as a role whose password is its name. */
  url(role?: string): string {
    const url = new URL(this.#postgres.adminUrl);
    url.pathname = `/${DATABASE}`;
    if (role) Object.assign(url, { username: role, password: role });
    return url.href;
  }

  /** A connection of the superuser's that lives as long as the work. */
  connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return connected(this.url(), work);
  }

  readonly ask: Ask = (sql, parameters) =>
    this.connected(async (client) => (await client.query(sql, parameters)).rows as Record<string, unknown>[]);

  /** Takes the server down, and waits until it is. */
  async down(way: WayDown): Promise<void> {
    if (way !== 'fast') process.kill(await this.#pid(), way === 'kill' ? 'SIGKILL' : 'SIGQUIT');
    await this.#postgres.stop();
  }

  /** Starts it again, at the same port. @returns when it let somebody in ({@link performance.now}). */
  async up(): Promise<number> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (true) {
      try {
        this.#postgres = await startPostgres({ dataDir: this.#directory, durable: false, settings: this.#settings });
        return performance.now();
      } catch (error) {
        // What a server that was killed leaves behind ends by itself, though not at once.
        if (!/shared memory|is using/.test(String(error)) || performance.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }

  /** Waits until the server lets somebody in. @returns when it did ({@link performance.now}). */
  async accepts(): Promise<number> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (true) {
      try {
        await this.ask('select 1');
        return performance.now();
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await sleep(10);
      }
    }
  }

  /** Of the server itself; it leads the sessions. */
  async #pid(): Promise<number> {
    return Number((await readFile(join(this.#directory, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  }
}

/**
 * Keeps what the API logs during a test from the terminal, which a fault would fill.
 * @returns the errors in it so far, parsed
 */
export function keepLog(): Record<string, unknown>[] {
  const errors: Record<string, unknown>[] = [];
  for (const method of ['log', 'warn', 'error'] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((line: string) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      if (entry.level === 'error') errors.push(entry);
    });
    onTestFinished(() => spy.mockRestore());
  }
  return errors;
}

/** Ends what the Worker's role is doing, and its connections. @returns of how many */
export async function terminateWorkers(ask: Ask): Promise<number> {
  const rows = await ask('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [WORKER_ROLE]);
  return rows.length;
}
