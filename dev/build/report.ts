import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Parts } from './bundle.ts';
import { markdownTable } from './markdown-table.ts';

/** A row of the report: one Worker or function. */
interface Size {
  name: string;
  bytes: number;
  /** Cloudflare's limit is for this size, and a cold start has to fetch it. */
  gzip: number;
  /** Bytes of each package in it, the largest first; `onetrip` is the project's own code. */
  packages: [string, number][];
}

/** Measures `<directory>/<name>/index.js` of each Worker, or another file that they have. */
export function measure(
  workers: { name: string; parts: Parts; directory: string }[],
  file = 'index.js',
): Promise<Size[]> {
  return Promise.all(
    workers.map(async ({ name, parts, directory }) => {
      const code = await readFile(join(directory, name, file));
      return { name, bytes: code.length, gzip: (await promisify(gzip)(code)).length, packages: packagesOf(parts) };
    }),
  );
}

/** Sums the files of each package. */
export function packagesOf(parts: Parts): [string, number][] {
  const sums = new Map<string, number>();
  for (const [path, bytes] of Object.entries(parts)) {
    const name = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'onetrip';
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return [...sums].filter(([, bytes]) => bytes > 0).sort(([, a], [, b]) => b - a);
}

/**
 * The report as a table of Markdown.
 * @param startUp ms that each Worker takes to start, where that was measured
 */
export function report(sizes: Size[], startUp?: Map<string, number>): string {
  const header = ['Worker', 'bytes', 'gzip', ...(startUp ? ['start (ms)'] : []), 'largest parts (bytes)'];
  const rows = sizes.map(({ name, bytes, gzip, packages }) => [
    name,
    String(bytes),
    String(gzip),
    ...(startUp ? [startUp.get(name)?.toFixed(1) ?? ''] : []),
    packages
      .slice(0, 3)
      .map(([name, size]) => `${name} ${size}`)
      .join(', '),
  ]);
  return markdownTable([header, ...rows], { numbers: header.map((_, i) => i).slice(1, -1) });
}
