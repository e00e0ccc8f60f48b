import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useServedApi } from './served.ts';
import { DOCUMENT, useWorkspace } from './workspace.ts';

/* Clients that are generated from the document with default settings compile under `strict`, and do what they should. */

const { environment } = useServedApi();
const workspace = useWorkspace();

const root = fileURLToPath(new URL('../..', import.meta.url));

test('they compile and run', async () => {
  const generated = (name: string) => workspace.path('generated', name);
  await Promise.all([
    workspace.run('openapi-typescript', [DOCUMENT, '--output', generated('schema.ts')]),
    workspace.run('openapi-ts', ['--input', DOCUMENT, '--output', generated('hey-api')]),
    workspace.run('orval', ['--input', DOCUMENT, '--output', generated('orval.ts')]),
  ]);

  const programs = ['openapi-fetch', 'hey-api', 'orval'];
  for (const file of [...programs, 'expect']) await workspace.copy(`${file}.ts`, `${file}.ts`);
  const compilerOptions = {
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [`${root}node_modules/@types`],
  };
  await writeFile(workspace.path('tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  await workspace.run(`${root}node_modules/.bin/tsc`, ['--project', '.']);

  const bundle = ['--bundle', '--platform=node', '--format=cjs', '--outdir=built', '--out-extension:.js=.cjs'];
  await workspace.run(`${root}node_modules/.bin/esbuild`, [...programs.map((name) => `${name}.ts`), ...bundle]);
  // Each with a tenant of its own. What a program finds wrong is in its error.
  for (const name of programs) {
    await workspace.run('node', [`built/${name}.cjs`], { env: await environment() });
  }
  expect(programs).toHaveLength(3);
});
