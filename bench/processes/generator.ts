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
const clients = new Map<string, Client[]>();

function clientsOf(origin: string, count: number): Client[] {
  const kept = clients.get(origin) ?? [];
  clients.set(origin, kept);
  while (kept.length < count) kept.push(new Client(origin, { pipelining: 1, keepAliveTimeout: 600_000 }));
  return kept.slice(0, count);
}

/** @returns the length of the answer. @throws Error where its status is another one */
function send(client: Client, { method, path, headers, body, status }: Request): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let got = 0;
    const wrong: Buffer[] = [];
    client.dispatch(
      { method: method as 'GET', path, headers, body: body?.replace('{{n}}', String(number++)) ?? null },
      {
        onRequestStart: () => {},
        onResponseStart: (_, statusCode) => {
          got = statusCode;
        },
        onResponseData: (_, chunk) => {
          bytes += chunk.length;
          if (got !== status) wrong.push(chunk);
        },
        onResponseEnd: () => {
          if (got === status) resolve(bytes);
          else reject(new Error(`${method} ${path} gave ${got}: ${Buffer.concat(wrong).toString().slice(0, 1000)}`));
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
  await Promise.all(clientsOf(origin, connections).map(loop));
  const seconds = (performance.now() - start) / 1000;
  return { operations: times.length, seconds, bytes, times: times.sort((a, b) => a - b) };
}

process.on('message', async ({ id, ...message }: Run & { id: number }) => {
  const result = await run(message).catch((error: Error) => ({ error: error.message }));
  process.send?.({ id, ...result });
});
tellReady({});
