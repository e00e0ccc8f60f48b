import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Bindings } from '../../src/config/bindings.ts';
import { toolEnvironment } from '../run.ts';
import { print } from './terminal.ts';

/* Runs the Worker in `wrangler dev`, a process of its own: ./wrangler-process.ts. */

export interface Wrangler {
  /** Resolves with the exit code or the signal when wrangler has ended. */
  readonly ended: Promise<string>;
  /** Waits until `GET /ready` is 200. @throws Error of one line if it does not become so */
  ready(signal: AbortSignal): Promise<void>;
  /** Ends wrangler, workerd and esbuild. May be called again. */
  stop(): Promise<void>;
}

/** How long the Worker may take to become ready, and wrangler to end (ms). */
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5000;

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bindings that are text, by name. */
type Values = Partial<Record<keyof Bindings, string>>;

/** Lines of wrangler's own on standard output, which are not printed. The others are the Worker's log, and errors. */
const WRANGLER_OUTPUT = [
  ...[/^⎔/, /^\[wrangler:info\]/, /^\[custom build\] Running/, /^The file \S+ changed, restarting build/],
  ...[/^Using secrets defined in/, /^Your Worker has access to/, /^Binding +Resource/, /^env\.\w+ \(/],
];

/** Starts wrangler on 127.0.0.1, with these bindings and no others. The rate limiter counts as `RATE_LIMIT` says. */
export async function startWrangler(options: { port: number; dataDir: string; bindings: Values }): Promise<Wrangler> {
  const { port, dataDir, bindings } = options;
  // A file, because every user of the machine can read a command line; and given a file, wrangler ignores .dev.vars.
  const envFile = join(dataDir, 'worker.env');
  await rm(envFile, { force: true });
  await writeFile(envFile, toEnvFile(bindings), { mode: 0o600 });
  const args = [
    fileURLToPath(new URL('wrangler-process.ts', import.meta.url)),
    ...['--port', String(port), '--env-file', envFile, '--persist-to', join(dataDir, 'wrangler')],
    ...['--rate-limit', bindings.RATE_LIMIT ?? ''],
  ];
  const env = toolEnvironment({
    // Wrangler sends nothing from this machine, and writes only into the data directory.
    WRANGLER_LOG: 'log',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true', // the banner includes a check for a newer version, over the network
    WRANGLER_WRITE_LOGS: 'false',
    XDG_CONFIG_HOME: join(dataDir, 'wrangler', 'config'),
    WRANGLER_REGISTRY_PATH: join(dataDir, 'wrangler', 'registry'),
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    // The Worker has nothing that a deployed one does not have.
    X_LOCAL_EXPLORER: 'false',
    X_LOCAL_OBSERVABILITY: 'false',
    CLOUDFLARE_INCLUDE_PROCESS_ENV: 'false',
    CLOUDFLARE_ENV: '',
  });
  // A process group of its own: Ctrl-C on the terminal does not reach it, and one signal ends all of it.
  const child = spawn('node', args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });

  let started = false;
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const text = stripVTControlCharacters(line);
    if (started && text.trim() && !WRANGLER_OUTPUT.some((pattern) => pattern.test(text))) print(line);
  });
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    if (stripVTControlCharacters(line).trim()) print(line, process.stderr);
  });

  function kill(pid: number, signal: NodeJS.Signals): boolean {
    try {
      return process.kill(-pid, signal);
    } catch {
      return false;
    }
  }

  async function end(pid: number): Promise<void> {
    kill(pid, 'SIGTERM');
    await Promise.race([ended, sleep(STOP_TIMEOUT_MS)]);
    // Ends what is left of the group. A dead process counts as one until init has reaped it, hence the limit.
    for (let tries = 0; tries < 10 && kill(pid, 'SIGKILL'); tries++) await sleep(20);
  }

  let stopping: Promise<void> | undefined;
  return {
    ended,
    ready: async (signal) => {
      await untilReady(port, ended, signal);
      started = true;
    },
    stop: async () => {
      if (child.pid) stopping ??= end(child.pid);
      await stopping;
    },
  };
}

async function untilReady(port: number, ended: Promise<string>, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let last = 'no response';
  const asking = (async () => {
    for (let pause = 50; Date.now() < deadline; pause = Math.min(pause * 1.5, 3000)) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/ready`, {
          signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
        });
        const text = await response.text();
        if (response.status === 200) return;
        last = `${response.status} ${text}`;
      } catch {
        // It does not listen yet.
      }
      await sleep(pause, undefined, { signal });
    }
    throw new Error(`The Worker is not ready after ${READY_TIMEOUT_MS / 1000} s: GET /ready gives ${last}.`);
  })();
  await Promise.race([
    asking,
    ended.then((how) => Promise.reject(new Error(`wrangler dev ended (${how}) before the Worker was ready.`))),
  ]);
}

function toEnvFile(bindings: Values): string {
  return Object.entries(bindings)
    .map(([name, value]) => `${name}=${quoted(name, value)}\n`)
    .join('');
}

/** Quotes a value as wrangler's dotenv and dotenv-expand read it: within quotes, only `$` can be escaped. */
function quoted(name: string, value: string): string {
  const quote = ["'", '`'].find((mark) => !value.includes(mark));
  if (!quote || value.includes('\r'))
    throw new Error(`${name} cannot have a carriage return, or both ' and \`, in it.`);
  return `${quote}${value.replaceAll('$', '\\$')}${quote}`;
}
