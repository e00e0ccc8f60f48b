import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Parts } from './bundle.ts';
import { NODE_BUNDLE, nodeConditions } from './node-bundle.ts';
import { buildReference } from './reference.ts';

/**
 * Writes `node/server.mjs`, the whole server in one file that needs Node 24, and beside it `assets/`, the static files of the
 * page at /docs. It is not minified, so that
 * the log names functions as the source does. The file is replaced by renaming, because a server may be about to start.
 * @returns its path, and what is in it
 * @throws Error with esbuild's messages; the file of an earlier build then stays
 */
export async function buildNodeServer(directory: string): Promise<{ file: string; parts: Parts }> {
  const entry = 'src/platform/node/main.ts';
  const draft = `server-${process.pid}`;
  const output = join(directory, 'node');
  const { metafile } = await build({
    ...NODE_BUNDLE,
    entryPoints: [{ in: entry, out: draft }],
    outdir: output,
    conditions: nodeConditions('pg'),
  });
  const [bundle] = Object.values(metafile.outputs);
  await buildReference(output);
  const file = join(output, 'server.mjs');
  await rename(join(output, `${draft}.mjs`), file);
  const parts = Object.entries(bundle?.inputs ?? {}).map(([path, { bytesInOutput }]) => [path, bytesInOutput] as const);
  return { file, parts: Object.fromEntries(parts) };
}
