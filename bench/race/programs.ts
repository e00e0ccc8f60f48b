/** Runs what takes part in the race, each in a process of its own that does not outlive this one. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atEnd } from './stops.ts';

/** How long a program may take to be ready, and to end by itself (ms). */
const READY_MS = 60_000;
const STOP_MS = 10_000;

/** By setpriv(1) of util-linux a program ends when this process does, also when this one is killed. */
const LAUNCHER = ['setpriv', '--pdeathsig=TERM'];
const canLaunch = spawnSync('setpriv', ['--pdeathsig=TERM', 'true']).status === 0;

export interface Program {
  pid: number;
  child: ChildProcess;
  /** What it wrote last, for the message of a failure. */
  lastWords(): string;
}

export interface Start {
  env?: Record<string, string>;
  cwd?: string;
}

/** Starts a program. It is ended at the end of the race. */
export function start(name: string, [command = '', ...args]: string[], { env = {}, cwd }: Start, ipc = false): Program {
  const [file = command, ...rest] = canLaunch ? [...LAUNCHER, command, ...args] : [command, ...args];
  const child = spawn(file, rest, {
    env: { ...process.env, ...env },
    ...(cwd ? { cwd } : {}),
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    // A session of its own, so that Ctrl-C on the terminal reaches this process alone, which ends the others in order.
    detached: true,
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      words = (words + chunk).slice(-4000);
    });
  }
  child.on('error', (error) => {
    words += error.message;
  });
  atEnd(name, () => end(child));
  return { pid: child.pid ?? 0, child, lastWords: () => words.trim() };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, 'exit');
  signalGroup(child.pid, 'SIGTERM');
  const timer = new AbortController();
  await Promise.race([exit, sleep(STOP_MS, undefined, { signal: timer.signal }).catch(() => {})]);
  timer.abort();
  signalGroup(child.pid, 'SIGKILL');
}

/** Also what the program has started, if that has not left its group. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/**
 * Starts one of ../processes or ../peers on this Node, with its settings, and waits for its first message.
 * @param driver the module of ../processes that `#database-driver` of src stands for
 * @throws Error with what the program wrote
 */
export async function startNode<Ready>(
  file: string,
  settings: object,
  { driver }: { driver?: string } = {},
): Promise<Program & { ready: Ready }> {
  const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
  const env = {
    BENCH_SETTINGS: JSON.stringify(settings),
    NODE_ENV: 'production',
    ...(driver ? { BENCH_DRIVER: driver } : {}),
  };
  const preloaded = driver ? ['--import', path('processes/use-driver.ts')] : [];
  const program = start(file, [process.execPath, ...preloaded, path(file)], { env }, true);
  const timer = new AbortController();
  const ready = await Promise.race([
    once(program.child, 'message').then(([message]) => message as Ready),
    once(program.child, 'exit').then(() => undefined),
    sleep(READY_MS, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  if (!ready) throw new Error(`${file} did not start: ${program.lastWords()}`);
  return { ...program, ready };
}

/** Waits until a URL answers, with whatever status passes `isReady`. @throws Error with what the program wrote */
export async function untilReady(
  program: Program,
  url: string,
  isReady: (status: number) => boolean,
  headers: Record<string, string> = {},
): Promise<void> {
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await sleep(50)) {
    if (program.child.exitCode !== null || program.child.signalCode !== null) break;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await response?.arrayBuffer();
    if (response && isReady(response.status)) return;
  }
  throw new Error(`${url} does not answer: ${program.lastWords()}`);
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
