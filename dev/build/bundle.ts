import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The directory of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bytes that each source file has in a bundle, by its path from the root of the project. */
export type Parts = Record<string, number>;

/**
 * Bundles Workers for workerd: each as one minified ES module `<name>/index.js` with its source map beside it. This is
 * what is deployed, and what the tests run.
 * @param entries paths of the sources from the root of the project, by the Worker's name
 * @param constants values for names that a source declares and does not define
 * @returns the parts of each, by its name
 * @throws Error with esbuild's messages
 */
export async function bundle(
  entries: Record<string, string>,
  directory: string,
  constants: Record<string, unknown> = {},
): Promise<Map<string, Parts>> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, entry]) => ({ in: entry, out: join(name, 'index') })),
    outdir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    define: Object.fromEntries(Object.entries(constants).map(([name, value]) => [name, JSON.stringify(value)])),
    legalComments: 'none',
    sourcemap: 'linked',
    metafile: true,
    logLevel: 'silent',
  });
  const outputs = Object.values(metafile.outputs);
  return new Map(
    Object.entries(entries).map(([name, entry]) => {
      const inputs = outputs.find(({ entryPoint }) => entryPoint === entry)?.inputs ?? {};
      return [
        name,
        Object.fromEntries(Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput])),
      ];
    }),
  );
}
