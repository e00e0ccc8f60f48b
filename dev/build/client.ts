import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { run } from '../run.ts';
import { root } from './bundle.ts';

const directory = join(root, 'packages/client');

/**
 * Builds the typed client: one ES module `index.js`, readable, with its source map, and its declarations.
 * @param outdir where to, `packages/client/dist` by default; what is there goes
 * @throws Error with what esbuild or the compiler says
 */
export async function buildClient(outdir: string = join(directory, 'dist')): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await Promise.all([
    build({
      entryPoints: [join(directory, 'src/index.ts')],
      outfile: join(outdir, 'index.js'),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      target: 'es2022',
      sourcemap: 'linked',
      logLevel: 'silent',
    }),
    run('tsc', ['--project', directory, '--outDir', outdir]),
  ]);
  // The compiler leaves the names of sources in declarations, which only other compilers of TypeScript resolve.
  for await (const file of glob('**/*.d.ts', { cwd: outdir })) {
    const text = await readFile(join(outdir, file), 'utf8');
    await writeFile(join(outdir, file), text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
}
