import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, type Parts } from './bundle.ts';
import { buildReference } from './reference.ts';

/**
 * Writes `worker/index.js`, all functions in one Worker, and `assets/`, its static files, which wrangler.toml deploys. The file is replaced by renaming,
 * because `wrangler dev` may be reading it.
 * @throws Error with esbuild's messages; the file of an earlier build then stays
 */
export async function buildOneWorker(directory: string): Promise<{ name: string; parts: Parts }> {
  const name = 'worker';
  const draft = `${name}-${process.pid}`;
  const parts = (await bundle({ [draft]: 'src/platform/cloudflare/worker.ts' }, directory)).get(draft) ?? {};
  await mkdir(join(directory, name), { recursive: true });
  for (const file of ['index.js.map', 'index.js']) {
    await rename(join(directory, draft, file), join(directory, name, file));
  }
  await rm(join(directory, draft), { recursive: true });
  await buildReference(directory);
  return { name, parts };
}
