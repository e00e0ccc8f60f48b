import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { ASSET_ROUTE } from '../../src/platform/assets.ts';
import { type Parts, root } from './bundle.ts';
import { readBaseConfig } from './configs.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { lambdaTemplate } from './lambda-template.ts';
import { NODE_BUNDLE, nodeConditions } from './node-bundle.ts';
import { buildReference } from './reference.ts';
import { endpoints } from './workers.ts';
import { zip } from './zip.ts';

/*
 * The deployment on AWS Lambda: one function for each file under src/functions, one for the scheduled purge, one for the
 * static files of the page at /docs, and one for what API Gateway routes to none of them. Their names and routes are those of the definitions. The build leaves behind:
 *   lambda/<name>/index.mjs   the function's code, with its source map beside it
 *   lambda/<name>.zip         what is uploaded
 *   lambda/template.json      the SAM template
 */

/** How functions reach PostgreSQL: over connections of their own, or by Neon's SQL over HTTP. */
export const DRIVERS = ['pg', 'neon'] as const;
type DriverName = (typeof DRIVERS)[number];

/**
 * Writes `lambda/` into the directory, anew.
 * @param driver the only one that is bundled
 * @param only names of the functions that are built; without it, all
 * @throws Error with esbuild's messages
 */
export async function buildLambda(
  directory: string,
  driver: DriverName = 'pg',
  only?: string[],
): Promise<LambdaFunction[]> {
  const output = join(directory, 'lambda');
  const { name: prefix, crons } = await readBaseConfig();
  const found = await endpoints();
  const all: Omit<LambdaFunction, 'parts'>[] = [
    ...found.map(({ name, method, path, entry }) => ({
      name,
      kind: 'function' as const,
      entry,
      route: { method, path },
    })),
    { name: 'scheduled-purge', kind: 'scheduled', entry: 'src/platform/lambda/scheduled.ts' },
    { name: 'docs-assets', kind: 'assets', entry: 'src/platform/lambda/assets.ts', route: ASSET_ROUTE },
    { name: 'default-route', kind: 'fallback', entry: 'src/platform/lambda/default-route.ts' },
  ];
  const sources = only ? all.filter(({ name }) => only.includes(name)) : all;
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const bundles = await bundleLambda(sources, output, driver);
  const functions = sources.map((source) => ({ ...source, parts: bundles.get(source.name) ?? {} }));
  if (bundles.has('docs-assets')) await buildReference(join(output, 'docs-assets'));
  for (const { name, kind } of functions) {
    const code = await readFile(join(output, name, 'index.mjs'));
    const files = kind === 'assets' ? await filesIn(join(output, name), 'assets/docs') : {};
    await writeFile(join(output, `${name}.zip`), zip({ 'index.mjs': code, ...files }));
  }
  const template = lambdaTemplate(prefix, functions, crons);
  await writeFile(join(output, 'template.json'), `${JSON.stringify(template, null, 2)}\n`);
  return functions;
}

/** The files of a folder, by their paths from the directory. */
async function filesIn(directory: string, folder: string): Promise<Record<string, Buffer>> {
  const names = await readdir(join(directory, folder));
  const files = names.map(
    async (name) => [`${folder}/${name}`, await readFile(join(directory, folder, name))] as const,
  );
  return Object.fromEntries(await Promise.all(files));
}

/**
 * Bundles each into one ES module for Node 24, minified.
 * @returns what is in each
 */
async function bundleLambda(
  sources: Omit<LambdaFunction, 'parts'>[],
  directory: string,
  driver: DriverName,
): Promise<Map<string, Parts>> {
  const { metafile } = await build({
    ...NODE_BUNDLE,
    entryPoints: sources.map(({ name }) => ({ in: `lambda:${name}`, out: join(name, 'index') })),
    outdir: directory,
    minify: true,
    conditions: nodeConditions(driver),
    sourcemap: 'linked',
    plugins: [entryPoints(new Map(sources.map((source) => [source.name, entryPoint(source)])))],
  });
  return new Map(sources.map(({ name }) => [name, partsOf(metafile, name)]));
}

function partsOf({ outputs }: Metafile, name: string): Parts {
  const inputs = Object.entries(outputs).find(([path]) => path.endsWith(`${name}/index.mjs`))?.[1].inputs ?? {};
  return Object.fromEntries(Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
}

/** The module that Lambda loads. It exports `handler`, made of the app that the other deployments run. */
function entryPoint({ kind, entry }: Omit<LambdaFunction, 'parts'>): string {
  return kind === 'scheduled'
    ? `import { purgeHandler } from './${entry}';
       export const handler = purgeHandler({ ...process.env });`
    : `import app from './${entry}';
       import { lambdaHandler } from './src/platform/lambda/handler.ts';
       export const handler = lambdaHandler(app, { ...process.env });`;
}

/** Makes the modules `lambda:<name>` out of their contents, so that no files have to be written for them. */
function entryPoints(contents: Map<string, string>): Plugin {
  return {
    name: 'entry-points',
    setup(build) {
      build.onResolve({ filter: /^lambda:/ }, ({ path }) => ({
        path: path.replace(/^lambda:/, ''),
        namespace: 'lambda',
      }));
      build.onLoad({ filter: /.*/, namespace: 'lambda' }, ({ path }) => ({
        contents: contents.get(path) ?? '',
        loader: 'ts',
        resolveDir: root,
      }));
    },
  };
}
