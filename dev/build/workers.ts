import { glob } from 'node:fs/promises';
import { functions } from '../../src/functions/index.ts';
import type { Route } from '../../src/platform/cloudflare/dispatcher/forward.ts';
import { bundle, type Parts, root } from './bundle.ts';

/*
 * The Workers of the split deployment: one for each file under src/functions, one for the scheduled purge, and the
 * dispatcher. Their names and routes are those of the definitions.
 */

export interface Worker {
  /** Also the name of its directory: `onetrip-get-project`. */
  name: string;
  kind: 'function' | 'scheduled' | 'dispatcher';
  /** Where its source begins, from the root of the project. */
  entry: string;
  parts: Parts;
}

/** An endpoint of the definitions, and the file that it is in. */
interface Endpoint {
  name: string;
  method: string;
  path: string;
  entry: string;
}

/** The endpoints, in the order in which the one Worker has them. @throws Error where a file is not among them. */
export async function endpoints(): Promise<Endpoint[]> {
  const entries = new Map<string, string>();
  for await (const entry of glob('src/functions/*/*.ts', { cwd: root })) {
    entries.set(entry.replace(/^.*\/|\.ts$/g, ''), entry);
  }
  const found = functions.map(({ definition: { operationId: name, method, path } }) => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`The endpoint ${name} has no file of its name under src/functions.`);
    entries.delete(name);
    return { name, method: method.toUpperCase(), path, entry };
  });
  const [left] = entries.values();
  if (left) throw new Error(`${left} is not in src/functions/registry.ts: npm run generate`);
  return found;
}

/**
 * The Workers in the order in which they can be deployed: a service binding needs its target.
 * @param prefix name of the deployment, and of its dispatcher
 */
export function splitWorkers(prefix: string, found: Endpoint[]): Omit<Worker, 'parts'>[] {
  return [
    ...found.map(({ name, entry }) => ({ name: `${prefix}-${name}`, kind: 'function' as const, entry })),
    { name: `${prefix}-scheduled-purge`, kind: 'scheduled', entry: 'src/platform/cloudflare/scheduled.ts' },
    { name: prefix, kind: 'dispatcher', entry: 'src/platform/cloudflare/dispatcher/index.ts' },
  ];
}

/** Writes `<directory>/<name>/index.js` of all {@link splitWorkers}, or of those that `only` names. */
export async function bundleSplit(prefix: string, directory: string, only: string[] = []): Promise<Worker[]> {
  const found = await endpoints();
  const workers = splitWorkers(prefix, found).filter(({ name }) => only.length === 0 || only.includes(name));
  const routes: Route[] = found.map(({ name, method, path }) => ({ name, method, path, binding: bindingOf(name) }));
  const entries = Object.fromEntries(workers.map(({ name, entry }) => [name, entry]));
  const bundles = await bundle(entries, directory, { ROUTES: routes });
  return workers.map((worker) => ({ ...worker, parts: bundles.get(worker.name) ?? {} }));
}

/** `get-project` is bound as `GET_PROJECT`. */
export function bindingOf(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
