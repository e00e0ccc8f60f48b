import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../dev/local/migrate.ts';
import { startPostgres } from '../../dev/local/postgres.ts';
import { atEnd } from './stops.ts';

/** The one PostgreSQL of the race. */
export interface Cluster {
  port: number;
  /** Of its first process, from which all others descend. */
  pid: number;
  /** The URL of one of its databases, as the superuser or as another role. */
  url(database: string, login?: { user: string; password: string }): string;
  /** Logs in as the superuser. */
  connect(database: string): Promise<pg.Client>;
}

/** The role of the API, as CONTRIBUTING.md has it made. */
export const WORKER = { user: 'onetrip_worker', password: 'worker' };

/**
 * Starts PostgreSQL in the directory, durable, and with what a server of this size would be given: an eighth of the memory
 * for its own cache. Nothing happens by itself while others are measured: no vacuum, and rarely a checkpoint.
 */
export async function startCluster(directory: string): Promise<Cluster> {
  const buffers = Math.min(2048, Math.max(128, Math.round(totalmem() / 8 / 2 ** 20)));
  const dataDir = join(directory, 'data');
  const postgres = await startPostgres({
    dataDir,
    settings: {
      shared_buffers: `${buffers}MB`,
      max_connections: '250',
      autovacuum: 'off',
      checkpoint_timeout: '1h',
      max_wal_size: '16GB',
    },
  });
  atEnd('PostgreSQL', postgres.stop);
  const pid = Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const url = (database: string, login?: { user: string; password: string }) => {
    const result = new URL(postgres.adminUrl);
    result.pathname = `/${database}`;
    if (login) Object.assign(result, { username: login.user, password: login.password });
    return result.href;
  };
  const connect = async (database: string) => {
    const client = new pg.Client({ connectionString: url(database), ssl: false });
    // The server ends before the client does where the race is given up.
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  return { port: postgres.port, pid, url, connect };
}

/** Makes a database as the migrations have it, and the role of the API where it is not there yet. */
export async function makeDatabase(cluster: Cluster, name: string): Promise<pg.Client> {
  await migrate(cluster.url(name), 'up');
  const db = await cluster.connect(name);
  const { rowCount } = await db.query('select from pg_roles where rolname = $1', [WORKER.user]);
  if (!rowCount) {
    await db.query(`create role ${WORKER.user} login password '${WORKER.password}' in role onetrip_app`);
  }
  return db;
}
