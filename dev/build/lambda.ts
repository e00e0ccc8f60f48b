import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { type Parts, root } from './bundle.ts';
import { readBaseConfig } from './configs.ts';
import { lambdaTemplate } from './lambda-template.ts';
import { endpoints } from './workers.ts';
import { zip } from './zip.ts';

/*
 * The deployment on AWS Lambda: one function for each file under src/functions, one for the scheduled purge, and one for
 * what API Gateway routes to none of them. Their names and routes are those of the definitions. The build leaves behind:
 *   lambda/<name>/index.mjs   the function's code, with its source map beside it
 *   lambda/<name>.zip         what is uploaded
 *   lambda/template.json      the SAM template
 */

export interface LambdaFunction {
  name: string;
  kind: 'function' | 'scheduled' | 'fallback';
  /** Where its source begins, from the root of the project. */
  entry: string;
  /** Method and path with `:id`, of the route it serves; the purge and the fallback have none. */
  route?: { method: string; path: string };
  parts: Parts;
}

/** Writes `lambda/` into the directory, anew. @throws Error with esbuild's messages */
export async function buildLambda(directory: string): Promise<LambdaFunction[]> {
  const output = join(directory, 'lambda');
  const { name: prefix, crons } = await readBaseConfig();
  const found = await endpoints();
  const sources: Omit<LambdaFunction, 'parts'>[] = [
    ...found.map(({ name, method, path, entry }) => ({
      name,
      kind: 'function' as const,
      entry,
      route: { method, path },
    })),
    { name: 'scheduled-purge', kind: 'scheduled', entry: 'src/platform/lambda/scheduled.ts' },
    { name: 'unrouted', kind: 'fallback', entry: 'src/platform/lambda/default-route.ts' },
  ];
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const bundles = await bundleLambda(sources, output);
  const functions = sources.map((source) => ({ ...source, parts: bundles.get(source.name) ?? {} }));
  for (const { name } of functions) {
    const code = await readFile(join(output, name, 'index.mjs'));
    await writeFile(join(output, `${name}.zip`), zip({ 'index.mjs': code }));
  }
  const template = lambdaTemplate(prefix, functions, crons);
  await writeFile(join(output, 'template.json'), `${JSON.stringify(template, null, 2)}\n`);
  return functions;
}

/** Bundles each into one ES module for Node 24, minified. @returns what is in each */
async function bundleLambda(sources: Omit<LambdaFunction, 'parts'>[], directory: string): Promise<Map<string, Parts>> {
  const common = {
    absWorkingDir: root,
    outdir: directory,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    // What pg would use if it were there.
    external: ['pg-native'],
    metafile: true,
    logLevel: 'silent',
  } satisfies BuildOptions;

  // The driver is handed in from outside: first find out who asks the database at all.
  const { metafile: sourceGraph } = await build({
    ...common,
    entryPoints: sources.map(({ name, entry }) => ({ in: entry, out: join(name, 'index') })),
    write: false,
  });
  const asksDatabase = (name: string) => 'src/db/client/database.ts' in partsOf(sourceGraph, name);

  const { metafile } = await build({
    ...common,
    entryPoints: sources.map(({ name }) => ({ in: `lambda:${name}`, out: join(name, 'index') })),
    minify: true,
    legalComments: 'none',
    sourcemap: 'linked',
    // pg is CommonJS and requires modules of Node's, which an ES module cannot do by itself.
    banner: { js: `import{createRequire}from'node:module';const require=createRequire(import.meta.url);` },
    plugins: [
      entryPoints((name) => {
        const source = sources.find((candidate) => candidate.name === name) as (typeof sources)[number];
        return entryPoint(source, asksDatabase(name));
      }),
    ],
  });
  return new Map(sources.map(({ name }) => [name, partsOf(metafile, name)]));
}

type Metafile = Awaited<ReturnType<typeof build<{ metafile: true }>>>['metafile'];

function partsOf({ outputs }: Metafile, name: string): Parts {
  const inputs = Object.entries(outputs).find(([path]) => path.endsWith(`${name}/index.mjs`))?.[1].inputs ?? {};
  return Object.fromEntries(Object.entries(inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
}

/** What Lambda loads: its `handler`, made of the function as every other deployment has it. */
function entryPoint({ kind, entry }: Omit<LambdaFunction, 'parts'>, asksDatabase: boolean): string {
  const bindings = asksDatabase ? 'readBindings(process.env, pgDriver)' : 'readBindings(process.env)';
  return [
    `import { readBindings } from './src/platform/lambda/bindings.ts';`,
    ...(asksDatabase ? [`import { pgDriver } from './src/db/client/drivers/pg.ts';`] : []),
    ...(kind === 'scheduled'
      ? [`import { purgeHandler } from './${entry}';`, `export const handler = purgeHandler(${bindings});`]
      : [
          `import app from './${entry}';`,
          `import { lambdaHandler } from './src/platform/lambda/handler.ts';`,
          `export const handler = lambdaHandler(app, ${bindings});`,
        ]),
  ].join('\n');
}

/** Makes the modules `lambda:<name>`, which are not worth files. */
function entryPoints(contents: (name: string) => string): Plugin {
  return {
    name: 'entry-points',
    setup(build) {
      build.onResolve({ filter: /^lambda:/ }, ({ path }) => ({
        path: path.replace(/^lambda:/, ''),
        namespace: 'lambda',
      }));
      build.onLoad({ filter: /.*/, namespace: 'lambda' }, ({ path }) => ({
        contents: contents(path),
        loader: 'ts',
        resolveDir: root,
      }));
    },
  };
}
