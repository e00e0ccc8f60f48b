import { Client } from 'undici';
import type { Request } from '../race/jobs.ts';
import type { Result } from '../race/measure.ts';
import { tellReady } from './settings.ts';

/*
 * Sends the requests, in a process of its own whose processor time counts for nobody. A closed loop: each connection sends
 * its next request when it has the whole answer to the last one. An operation is one request, or several in a row.
 */

interface Run {
  origin: string;
  operations: Request[][];
  connections: number;
  /** Ends after this time, or after so many operations. */
  ms: number;
  most?: number;
}

let number = Date.now() % 1e9;

/** @returns the length of the answer. @throws Error where it is another one than it must be */
function send(client: Client, { method, path, headers, body, status, contains }: Request): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let got = 0;
    const kept: Buffer[] = [];
    client.dispatch(
      { method: method as 'GET', path, headers, body: body?.replace('{{n}}', String(number++)) ?? null },
      {
        onRequestStart: () => {},
        onResponseStart: (_, statusCode) => {
          got = statusCode;
        },
        onResponseData: (_, chunk) => {
          bytes += chunk.length;
          if (contains !== undefined || got !== status) kept.push(chunk);
        },
        onResponseEnd: () => {
          const text = Buffer.concat(kept).toString();
          if (got === status && (contains === undefined || text.includes(contains))) resolve(bytes);
          else reject(new Error(`${method} ${path} gave ${got}: ${text.slice(0, 1000)}`));
        },
        onResponseError: (_, error) => reject(new Error(`${method} ${path}: ${error.message}`)),
      },
    );
  });
}

async function run({ origin, operations, connections, ms, most = Number.POSITIVE_INFINITY }: Run): Promise<Result> {
  const times: number[] = [];
  let bytes = 0;
  let begun = 0;
  const start = performance.now();
  const loop = async (client: Client) => {
    while (performance.now() - start < ms && begun < most) {
      begun++;
      const operation = operations[Math.floor(Math.random() * operations.length)] ?? [];
      const from = performance.now();
      for (const request of operation) {
        const length = await send(client, request);
        bytes += length;
      }
      times.push(performance.now() - from);
    }
  };
  // New ones for each run: a server may close those that have been idle for some seconds just as they are used again.
  const clients = Array.from({ length: connections }, () => new Client(origin, { pipelining: 1 }));
  await Promise.all(clients.map(loop)).finally(() => Promise.all(clients.map((client) => client.destroy())));
  const seconds = (performance.now() - start) / 1000;
  return { operations: times.length, seconds, bytes, times: times.sort((a, b) => a - b) };
}

process.on('message', async ({ id, ...message }: Run & { id: number }) => {
  const result = await run(message).catch((error: Error) => ({ error: error.message }));
  process.send?.({ id, ...result });
});
tellReady({});
