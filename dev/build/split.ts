import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BaseConfig, readBaseConfig, workerConfig } from './configs.ts';
import { bindingsReadBy } from './given-bindings.ts';
import { buildReference } from './reference.ts';
import { bundleSplit, endpoints, splitWorkers, type Worker } from './workers.ts';

/*
 * The split deployment, as the build leaves it behind:
 *   split/<name>/index.js, wrangler.json   its Workers
 *   assets/                                the static files of its dispatcher
 *   split/workers.json                     their names in the order of deployment, and the secrets that each reads
 */

/** An entry of split/workers.json. */
export interface Deployable {
  name: string;
  kind: Worker['kind'];
  /** Names of the secrets that its code reads. */
  secrets: string[];
}

/** Writes `split/` into the directory, anew, and `assets/`. With names in `only`, nothing else is built than those. */
export async function buildSplit(
  directory: string,
  only: string[] = [],
): Promise<{ base: BaseConfig; workers: Worker[] }> {
  const split = join(directory, 'split');
  const base = await readBaseConfig();
  await rm(split, { recursive: true, force: true });
  await mkdir(split, { recursive: true });
  await buildReference(directory);
  const workers = await bundleSplit(base.name, split, only);
  const names = splitWorkers(base.name, await endpoints());
  for (const worker of workers) {
    await writeJson(join(split, worker.name, 'wrangler.json'), workerConfig(base, worker, names));
  }
  const deployables: Deployable[] = workers.map((worker) => ({
    name: worker.name,
    kind: worker.kind,
    secrets: bindingsReadBy(worker, 'secret'),
  }));
  await writeJson(join(split, 'workers.json'), deployables);
  return { base, workers };
}

/** Reads what {@link buildSplit} has written. @throws Error where it has not. */
export async function readDeployables(directory: string): Promise<Deployable[]> {
  return JSON.parse(await readFile(join(directory, 'split', 'workers.json'), 'utf8'));
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
