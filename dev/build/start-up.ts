import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Miniflare } from 'miniflare';
import { median } from './median.ts';

/*
 * How long Workers take to start: workerd makes an isolate, compiles the script, runs it and responds to a first request
 * (`GET /`, which needs no database). All Workers run in one workerd, by its dynamic Worker loader, so that the start of
 * the process is not measured. The time of an empty Worker is subtracted, because it depends on the machine alone.
 */

const EMPTY = 'export default { fetch: () => new Response(null, { status: 404 }) };';

/** Rounds. Each starts every Worker once, so that other load on the machine affects all of them alike. */
const ROUNDS = 15;

/** A Worker that takes scripts by PUT, and by GET starts one of them in a new isolate. */
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
 * @throws Error if one does not respond; the scheduled purge takes no requests, so it need not
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
    // Drops the errors that workerd logs because the scheduled purge takes no requests.
    handleRuntimeStdio: (...streams: Readable[]) => {
      for (const stream of streams) stream.resume();
    },
  });
  const send = async (name: string, init = {}) => (await host.dispatchFetch(`http://host/${name}`, init)).text();
  try {
    await send('empty', { method: 'PUT', body: EMPTY });
    for (const { name, directory } of workers) {
      await send(name, { method: 'PUT', body: await readFile(join(directory, name, 'index.js')) });
    }
    const times = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, kind } of [{ name: 'empty', kind: '' }, ...workers]) {
        const start = performance.now();
        const status = await send(name);
        const ms = performance.now() - start;
        if (!['404', '302'].includes(status) && kind !== 'scheduled')
          throw new Error(`${name} does not start: ${status}`);
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
