import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { buildOneWorker } from '../build/one-worker.ts';

/*
 * `npm run build`: all Workers into dist/, with a report of what is in them (dist/report.md) and their software bill of
 * materials (dist/sbom.json).
 *   --start   also measures how long each takes to start
 *   --one     builds the one Worker alone, without report; wrangler runs this (`[build]` in wrangler.toml)
 */

const dist = join(root, 'dist');

async function buildAll({ start = false }): Promise<void> {
  const { buildSplit } = await import('../build/split.ts');
  const { measure, report } = await import('../build/report.ts');
  const { billOfMaterials } = await import('../build/sbom.ts');
  const one = { directory: dist, ...(await buildOneWorker(dist)) };
  const { base, workers } = await buildSplit(dist);
  const all = [one, ...workers.map((worker) => ({ directory: join(dist, 'split'), ...worker }))];
  await writeFile(join(dist, 'sbom.json'), await billOfMaterials(all.map(({ parts }) => parts)));
  const startUp = start
    ? await (await import('../build/start-up.ts')).measureStartUp(all, base.compatibility_date)
    : undefined;
  const text = report(await measure(all), startUp);
  await writeFile(join(dist, 'report.md'), text);
  console.log(text);
}

try {
  const { values } = parseArgs({ options: { start: { type: 'boolean' }, one: { type: 'boolean' } } });
  if (values.one) await buildOneWorker(dist);
  else await buildAll(values);
} catch (error) {
  console.error((error as Error).message);
  // `wrangler dev` ends if the build fails, even for a typing error while it watches. So it keeps the last good build.
  const keepsRunning = process.env.WRANGLER_COMMAND === 'dev' && existsSync(join(dist, 'worker', 'index.js'));
  process.exitCode = keepsRunning ? 0 : 1;
}
