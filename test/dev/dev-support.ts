/** `npm run dev` as a process of its own, as a terminal would start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolEnvironment } from '../../dev/run.ts';

/** What the developer's own environment says must not decide a test. */
export const UNSET = {
  PORT: '',
  JWT_SECRET: '',
  JWKS_URL: '',
  JWT_MAX_AGE: '',
  RATE_LIMIT: '',
  DATABASE_URL: '',
  ONETRIP_DATA_DIR: '',
};

export class Dev {
  output = '';
  errors = '';
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<number | string | null>;
  readonly #child: ChildProcess;

  constructor(env: Record<string, string>) {
    this.#child = spawn('node', ['dev/cli/dev.ts'], {
      env: toolEnvironment({ ...UNSET, ...env }),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout?.on('data', (chunk) => {
      this.output += chunk;
    });
    this.#child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    this.ended = once(this.#child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Waits for the last line of the start-up. */
  async ready(): Promise<this> {
    const over = this.ended.then((how) => {
      throw new Error(`It ended (${how}):\n${this.output}\n${this.errors}`);
    });
    over.catch(() => {});
    while (!this.output.includes('To stop:')) await Promise.race([over, sleep(20)]);
    return this;
  }

  /** Sends a signal to this process, or to its whole group as Ctrl-C on a terminal does. */
  signal(name: NodeJS.Signals, to: 'process' | 'group' = 'process'): void {
    const pid = this.#child.pid ?? 0;
    if (pid && this.#child.exitCode === null && this.#child.signalCode === null) {
      process.kill(to === 'group' ? -pid : pid, name);
    }
  }

  /** The processes that it has started, and those that they have. */
  descendants(): number[] {
    const all = processes();
    const found = [this.#child.pid ?? 0];
    for (const parent of found) found.push(...all.filter(({ ppid }) => ppid === parent).map(({ pid }) => pid));
    return found.slice(1);
  }

  /** What the printed curl command says. */
  get curl(): { url: string; headers: Record<string, string> } {
    const [, name = '', value = '', url = ''] = /^curl -H '([\w-]+): ([^']+)' '([^']+)'$/m.exec(this.output) ?? [];
    return { url, headers: { [name]: value } };
  }

  /** Asks without a token, with headers that fetch would not send, such as another Host. At most 5 s. */
  async ask(path: string, headers: Record<string, string> = {}): Promise<{ status: number; json: Json }> {
    const signal = AbortSignal.timeout(5000);
    const asking = request({ host: '127.0.0.1', port: new URL(this.curl.url).port, path, headers, signal }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, json: await json(response).catch(() => undefined) };
  }

  /** Asks the API as the printed command does. */
  async call(path: string, init: RequestInit = {}): Promise<{ status: number; json: Json }> {
    const { url, headers } = this.curl;
    const response = await fetch(new URL(path, url), {
      ...init,
      headers: { ...headers, 'Content-Type': 'application/json' },
    });
    return { status: response.status, json: await response.json() };
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever it expects, and fails where that is not there
type Json = any;

const started: Dev[] = [];
const directories: string[] = [];

export function startDev(env: Record<string, string>): Dev {
  const dev = new Dev(env);
  started.push(dev);
  return dev;
}

export async function emptyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'onetrip-dev-'));
  directories.push(directory);
  return directory;
}

/** Ends what a test has left running, and removes its directories. */
export async function cleanUp(): Promise<void> {
  for (const dev of started) dev.signal('SIGTERM');
  await Promise.all(started.map((dev) => dev.ended));
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
}

/** Asks until the condition is true, for at most ten seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('It never became true.');
    await sleep(20);
  }
}

/** How a process was started; nothing where there is no /proc. */
export function commandLine(pid: number): string {
  return existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
}

/** Those of `pids` that still run. */
export function alive(pids: number[]): number[] {
  return processes()
    .map(({ pid }) => pid)
    .filter((pid) => pids.includes(pid));
}

/** Every process but the dead ones that nobody has taken notice of yet. None on a system without /proc. */
function processes(): { pid: number; ppid: number }[] {
  if (!existsSync('/proc/self/stat')) return [];
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // proc(5): the name in parentheses may contain anything; state and parent follow it.
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return state === 'Z' ? [] : [{ pid: Number(name), ppid: Number(ppid) }];
    } catch {
      return [];
    }
  });
}
