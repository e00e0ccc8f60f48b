import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Miniflare } from 'miniflare';

/*
 * How long Workers take to start: workerd makes an isolate, compiles the script, runs it and answers a first request
 * (`GET /`, which asks no database). All in one workerd, by its dynamic Worker loader, so that the start of a process does
 * not count. Measured against an empty Worker, because the absolute figure is the machine's.
 */

const EMPTY = 'export default { fetch: () => new Response(null, { status: 404 }) };';

/** Rounds: each starts every Worker once, so that what else the machine does falls upon all of them. */
const ROUNDS = 15;

/** Holds the scripts, and starts one in a new isolate when asked to. */
const HOST = `
const scripts = new Map();
export default {
  async fetch(request, { LOADER, DATE }) {
    const name = new URL(request.url).pathname;
    if (request.method === 'PUT') {
      scripts.set(name, await request.text());
      return new Response();
    }
    const worker = LOADER.get(crypto.randomUUID(), () => ({
      compatibilityDate: DATE,
      mainModule: 'index.js',
      modules: { 'index.js': scripts.get(name) },
      env: { LOG_LEVEL: 'warn' },
    }));
    try {
      const { status } = await worker.getEntrypoint().fetch('http://onetrip.test/');
      return new Response(String(status));
    } catch (error) {
      return new Response(error.message);
    }
  },
};`;

/**
 * Starts the Workers `<directory>/<name>/index.js` again and again.
 * @returns by name, the median time in ms beyond that of an empty Worker, and that of the empty one as `empty`
 * @throws Error where one does not answer; the scheduled purge is not made to
 */
export async function measureStartUp(
  workers: { name: string; kind?: string; directory: string }[],
  compatibilityDate: string,
): Promise<Map<string, number>> {
  const host = new Miniflare({
    modules: true,
    script: HOST,
    compatibilityDate,
    bindings: { DATE: compatibilityDate },
    workerLoaders: { LOADER: {} },
    // It says that the scheduled purge takes no requests.
    handleRuntimeStdio: (...streams: Readable[]) => {
      for (const stream of streams) stream.resume();
    },
  });
  const ask = async (name: string, init = {}) => (await host.dispatchFetch(`http://host/${name}`, init)).text();
  try {
    await ask('empty', { method: 'PUT', body: EMPTY });
    for (const { name, directory } of workers) {
      await ask(name, { method: 'PUT', body: await readFile(join(directory, name, 'index.js')) });
    }
    const times = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, kind } of [{ name: 'empty', kind: '' }, ...workers]) {
        const start = performance.now();
        const answer = await ask(name);
        const ms = performance.now() - start;
        if (answer !== '404' && kind !== 'scheduled') throw new Error(`${name} does not start: ${answer}`);
        times.set(name, [...(times.get(name) ?? []), ms]);
      }
    }
    const medians = new Map([...times].map(([name, list]) => [name, median(list)]));
    const empty = medians.get('empty') ?? 0;
    return new Map([...medians].map(([name, ms]) => [name, name === 'empty' ? ms : ms - empty]));
  } finally {
    await host.dispose();
  }
}

function median(list: number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
