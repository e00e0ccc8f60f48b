import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { build, transform } from 'esbuild';
import { Miniflare } from 'miniflare';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { root } from '../../../dev/build/bundle.ts';
import { buildOneWorker } from '../../../dev/build/one-worker.ts';
import { run } from '../../../dev/run.ts';
import { useApi } from '../../../test/support/api.ts';
import { hasChromium, launchChromium } from '../../../test/support/chromium.ts';
import { type Published, programOf, publish } from './package.ts';
import type { scenario } from './scenario.ts';

/* The client as it is published: what is in the package, and what it does in Node, workerd and Chromium, by HTTP. */

vi.setConfig({ testTimeout: 60_000 });

/** What {@link scenario} gives, wherever it runs. */
const EXPECTED: Awaited<ReturnType<typeof scenario>> = {
  // Create, its replay; three pages; update, a stale one; get, and one that is kept; delete, restore; invalid; list.
  statuses: [201, 201, 200, 200, 200, 200, 412, 200, 304, 204, 200, 400, 200],
  titles: ['task 0', 'task 1', 'task 2', 'task 3', 'task 4'],
  stale: ['precondition_failed', 2, 'string'],
  name: 'Grüße, 日本 🧳',
  tasks: 5,
  restored: 4,
  pointers: ['/name'],
  aborted: 'AbortError',
  projects: 1,
};

const PAGE = 'http://page.test';
const api = useApi({ bindings: { CORS_ORIGINS: PAGE } });

let directory: string;
let miniflare: Miniflare;
let url: string;
let script: string;
let published: Published;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'onetrip-client-'));
  [published] = await Promise.all([publish(directory), buildOneWorker(directory)]);
  const bundle = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: join(root, 'packages/client/test'), loader: 'ts' },
      alias: { '@onetrip/client': join(published.installed, 'dist/index.js') },
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    return outputFiles[0]?.text ?? '';
  };
  script = await bundle(`export { scenario } from './scenario.ts'`);
  const worker = await bundle(`
    import { scenario } from './scenario.ts';
    export default {
      async fetch(request, env) {
        const { url, token } = await request.json();
        return Response.json(await scenario(url, token, env.API && ((...args) => env.API.fetch(...args))));
      },
    };`);
  const module = (contents: string) => [{ type: 'ESModule' as const, path: 'index.js', contents }];
  const compatibilityDate = '2026-07-01';
  miniflare = new Miniflare({
    workers: [
      {
        name: 'api',
        modules: module(await readFile(join(directory, 'worker/index.js'), 'utf8')),
        bindings: { ...api.bindings } as unknown as Record<string, string>,
        compatibilityDate,
      },
      { name: 'bound', modules: module(worker), serviceBindings: { API: 'api' }, compatibilityDate },
      { name: 'by-http', modules: module(worker), compatibilityDate },
    ],
  });
  url = (await miniflare.ready).origin;
});

afterAll(async () => {
  await miniflare?.dispose();
  await rm(directory, { recursive: true, force: true });
});

const token = async () => (await api.tenant()).token();

test('publint has nothing to say of the package', async () => {
  const { messages } = await publint({ pkgDir: published.installed, pack: false, strict: true });
  expect(messages).toEqual([]);
});

test('its types are found and true for every way to resolve them', async () => {
  const result = await checkPackage(createPackageFromTarballData(published.tarball));
  if (!result.types) throw new Error('The package has no types.');
  // Required from CommonJS it is an ES module, which Node takes since its version 22.
  expect(result.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM')).toEqual([]);
  expect(result.problems).toHaveLength(1);
});

test('it is small, needs nothing, and holds no more than it must', async () => {
  const { code } = await transform(await readFile(join(published.installed, 'dist/index.js'), 'utf8'), {
    minify: true,
  });
  expect(gzipSync(code).length).toBeLessThan(6 * 1024);
  expect(code).not.toMatch(/\bimport\b|\brequire\(/);
  const { dependencies, version } = JSON.parse(await readFile(join(published.installed, 'package.json'), 'utf8'));
  expect(dependencies).toBeUndefined();
  expect(version).toBe(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).version);
  const files = await readdir(published.installed, { recursive: true });
  expect(files.filter((file) => !file.startsWith('dist')).sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
});

test('the examples of the READMEs compile under the strictest rules, and print what they say', async () => {
  const readmes = ['packages/client/README.md', 'README.md'];
  const programs = await Promise.all(readmes.map(programOf));
  const files = programs.map((_, n) => join(published.project, `readme-${n}.mts`));
  for (const [n, { program }] of programs.entries()) {
    await writeFile(files[n] ?? '', program.replaceAll('http://localhost:8787', url));
  }
  const strict = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--noEmit',
    '--ignoreConfig',
  ];
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node', '--target', 'es2022'];
  await run('tsc', [...strict, ...types, '--module', 'nodenext', ...files]);
  for (const [n, { printed }] of programs.entries()) {
    const T = await token();
    const output = await run('node', [files[n] ?? ''], { ONETRIP_URL: url, ONETRIP_TOKEN: T, T });
    expect(printed.length, `${readmes[n]} says what its examples print`).toBeGreaterThan(0);
    expect(output.trim().split('\n')).toEqual(printed);
  }
});

test('Node', async () => {
  const file = join(directory, 'script.mjs');
  await writeFile(file, script);
  const { scenario } = await import(/* @vite-ignore */ pathToFileURL(file).href);
  expect(await scenario(url, await token())).toEqual(EXPECTED);
});

test.each(['bound', 'by-http'])('workerd, the API %s', async (name) => {
  const worker = (await miniflare.getWorker(name)) as unknown as { fetch: typeof fetch };
  const body = JSON.stringify({ url, token: await token() });
  const response = await worker.fetch('http://worker.test', { method: 'POST', body });
  expect(await response.json()).toEqual(EXPECTED);
});

test.skipIf(!hasChromium)('Chromium, from a page of another origin, without https', async () => {
  const browser = await launchChromium(['--disable-features=LocalNetworkAccessChecks']);
  try {
    const page = await browser.newPage();
    await page.route(`${PAGE}/**`, (route) => {
      const isScript = route.request().url().endsWith('.js');
      return route.fulfill(
        isScript
          ? { contentType: 'text/javascript', body: script }
          : { contentType: 'text/html', body: '<!doctype html>' },
      );
    });
    await page.goto(PAGE);
    const call = `import('/script.js').then(({ scenario }) => scenario(${JSON.stringify([url, await token()]).slice(1, -1)}))`;
    expect(await page.evaluate('crypto.randomUUID')).toBeUndefined();
    expect(await page.evaluate(call)).toEqual(EXPECTED);
  } finally {
    await browser.close();
  }
});
