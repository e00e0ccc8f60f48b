import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';
import type { Bindings } from '../../src/config/bindings.ts';
import { freePort } from './free-port.ts';
import type { Served } from './served.ts';

/* The server on Node as it is deployed: the built bundle, as a process of its own. */

/** A line of the log. */
type Entry = Record<string, unknown> & { event: string };

export interface NodeServer {
  port: number;
  process: ChildProcess;
  /** What it has logged so far. */
  log: Entry[];
  /** Waits for an event in the log. Fails when the server ends without it. */
  logged(event: string): Promise<Entry>;
  /** Sends a signal, and waits for the end. @returns the exit code, and how long it took (ms) */
  end(signal?: NodeJS.Signals): Promise<{ code: number | null; ms: number }>;
}

/** Runs the bundle, to the end. */
export async function runNodeServer(environment: Record<string, string>, args: string[] = []) {
  const child = spawnServer(environment, args);
  let output = '';
  let error = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    error += chunk;
  });
  const [code] = await once(child, 'close');
  return { code: code as number, output, error };
}

/** Starts it on a free port, unless the environment has one. @returns when it listens */
export async function startNodeServer(environment: Record<string, string>): Promise<NodeServer> {
  const port = Number(environment.PORT ?? (await freePort()));
  const child = spawnServer({ LISTEN_ADDRESS: '127.0.0.1', PORT: String(port), ...environment }, []);
  const ended = once(child, 'exit');
  const log: Entry[] = [];
  const waiting = new Map<string, (entry: Entry) => void>();
  for (const input of [child.stdout, child.stderr]) {
    if (!input) continue;
    createInterface({ input }).on('line', (line) => {
      const entry: Entry = line.startsWith('{') ? JSON.parse(line) : { event: line };
      log.push(entry);
      waiting.get(entry.event)?.(entry);
    });
  }
  const server: NodeServer = {
    port,
    process: child,
    log,
    logged: (event) =>
      Promise.race([
        new Promise<Entry>((resolve) => {
          const found = log.find((entry) => entry.event === event);
          if (found) resolve(found);
          else waiting.set(event, resolve);
        }),
        ended.then(([code]) => {
          const found = log.find((entry) => entry.event === event);
          if (found) return found;
          throw new Error(`The server ended with ${code}, without ${event}: ${JSON.stringify(log)}`);
        }),
      ]),
    end: async (signal = 'SIGTERM') => {
      const start = performance.now();
      child.kill(signal);
      const [code] = child.exitCode === null && child.signalCode === null ? await ended : [child.exitCode];
      return { code, ms: performance.now() - start };
    },
  };
  await server.logged('listening');
  return server;
}

function spawnServer(environment: Record<string, string>, args: string[]): ChildProcess {
  return spawn(process.execPath, [join(inject('dist'), 'node', 'server.mjs'), ...args], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The API of this tier, over real HTTP. */
export async function nodeServer(bindings: Bindings): Promise<Served> {
  const server = await startNodeServer(bindings as unknown as Record<string, string>);
  return {
    send: (url, init) => {
      const { pathname, search } = new URL(url);
      return fetch(`http://127.0.0.1:${server.port}${pathname}${search}`, { redirect: 'manual', ...init });
    },
    stop: async () => {
      await server.end();
    },
  };
}
