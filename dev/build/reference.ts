import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ASSET_HEADERS } from '../../src/platform/assets.ts';
import { root } from './bundle.ts';
import { guideChapters } from './guide.ts';

/**
 * Writes `assets/`, the static files of the page at /docs, by their paths in a URL. Cloudflare serves that directory as it
 * is, with the headers of `_headers`; elsewhere src/platform/assets.ts serves it.
 * @returns the directory
 * @throws Error with esbuild's messages, or of a dead link in the guide
 */
export async function buildReference(directory: string): Promise<string> {
  const assets = join(directory, 'assets');
  const docs = join(assets, 'docs');
  await mkdir(docs, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['src/reference/main.ts', 'src/reference/style.css'].map((entry) => ({
      in: entry,
      out: 'reference',
    })),
    outdir: docs,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2024',
    define: { CHAPTERS: JSON.stringify(await guideChapters()) },
    logLevel: 'silent',
  });
  // Ready for browsers as they are published, which is quicker than bundling them.
  const viewer = join(root, 'node_modules', 'swagger-ui-dist');
  await copyFile(join(viewer, 'swagger-ui-bundle.js'), join(docs, 'swagger-ui.js'));
  await copyFile(join(viewer, 'swagger-ui.css'), join(docs, 'swagger-ui.css'));
  await copyFile(join(root, 'src/reference/icon.svg'), join(docs, 'icon.svg'));
  const headers = Object.entries(ASSET_HEADERS).map(([name, value]) => `  ${name}: ${value}\n`);
  await writeFile(join(assets, '_headers'), `/docs/*\n${headers.join('')}`);
  return assets;
}
