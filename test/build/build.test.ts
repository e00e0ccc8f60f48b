import { globSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { billOfMaterials } from '../../dev/build/sbom.ts';
import { run } from '../../dev/run.ts';

/* `npm run build` and `npm run deploy:split`, in a copy of the project that has an endpoint more. */

vi.setConfig({ testTimeout: 120_000 });

const copy = await mkdtemp(join(tmpdir(), 'onetrip-planted-'));
afterAll(() => rm(copy, { recursive: true }));
for (const part of ['src', 'dev', 'docs', 'wrangler.toml', 'package.json', 'package-lock.json']) {
  await cp(join(root, part), join(copy, part), { recursive: true });
}
await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));

const inCopy = (script: string, ...args: string[]) => run('node', [join(copy, 'dev', 'cli', script), ...args]);

const PLANTED = `
import * as z from 'zod';
import { publicEndpoint } from '../../http/endpoint/public-endpoint.ts';
import { okResponse } from '../../http/response/responses.ts';
export default publicEndpoint(
  {
    operationId: 'count-planets', method: 'put', path: '/planets/:id', summary: 'Planted', description: '', access: 'public',
    params: z.strictObject({ id: z.string() }), success: { status: 200, description: 'Nine', schema: z.number() },
  },
  async () => okResponse(9),
);`;

test('a new endpoint that is not in the registry fails the build', async () => {
  await writeFile(join(copy, 'src/functions/meta/count-planets.ts'), PLANTED);
  await expect(inCopy('build.ts')).rejects.toThrow(
    'src/functions/meta/count-planets.ts is not in src/functions/registry.ts: npm run generate',
  );
  const index = join(copy, 'src/functions/registry.ts');
  const text = await readFile(index, 'utf8');
  await writeFile(
    index,
    text
      .replace('import createTag ', `import countPlanets from './meta/count-planets.ts';\nimport createTag `)
      .replace('  createTag,\n', '  createTag,\n  countPlanets,\n'),
  );
});

test('one that is in the registry is a Worker, bound, routed and reported', { tags: ['release'] }, async () => {
  expect(await inCopy('build.ts')).toContain('| onetrip-count-planets ');
  const split = join(copy, 'dist', 'split');
  expect(await readdir(join(split, 'onetrip-count-planets'))).toEqual(['index.js', 'index.js.map', 'wrangler.json']);
  expect(await readFile(join(split, 'onetrip', 'index.js'), 'utf8')).toContain('/planets/:id');
  const { services } = JSON.parse(await readFile(join(split, 'onetrip', 'wrangler.json'), 'utf8'));
  expect(services).toContainEqual({ binding: 'COUNT_PLANETS', service: 'onetrip-count-planets' });
  expect(await readFile(join(copy, 'dist', 'worker', 'index.js'), 'utf8')).toContain('/planets/:id');
  expect(await readFile(join(copy, 'dist', 'report.md'), 'utf8')).toContain('| onetrip-count-planets ');
});

test('the bill of materials has every package that the source maps name, and no other', {
  tags: ['release'],
}, async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const named = new Set<string>();
  for (const map of globSync('{worker,split/*}/index.js.map', { cwd: join(copy, 'dist') })) {
    const { sources } = JSON.parse(await readFile(join(copy, 'dist', map), 'utf8'));
    for (const source of sources) {
      const [, name] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
      // What a package has been published with inside is a part of that package, and in no lock file.
      if (name && packages[`node_modules/${name}`]) named.add(name);
    }
  }
  expect([...named]).toEqual(expect.arrayContaining(['hono', 'jose', 'kysely', 'zod']));
  const bom = JSON.parse(await readFile(join(copy, 'dist', 'sbom.json'), 'utf8'));
  expect(bom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name: 'onetrip' } } });
  expect(bom.components.map(({ name }: { name: string }) => name).sort()).toEqual([...named].sort());
  for (const { name, version, purl, hashes, licenses } of bom.components) {
    const locked = packages[`node_modules/${name}`];
    expect(version).toBe(locked.version);
    expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`);
    const content = Buffer.from(locked.integrity.replace('sha512-', ''), 'base64').toString('hex');
    expect(hashes).toEqual([{ alg: 'SHA-512', content }]);
    expect(licenses).toHaveLength(1);
  }
  const refs = [bom.metadata.component, ...bom.components].map((component) => component['bom-ref']);
  expect(bom.dependencies.map(({ ref }: { ref: string }) => ref)).toEqual(refs);
});

test('a package that is bundled and not locked fails the build', async () => {
  const stray = join(copy, 'stray', 'node_modules', '@x', 'stray');
  await mkdir(stray, { recursive: true });
  await writeFile(join(stray, 'package.json'), '{"name": "@x/stray", "version": "1.0.0"}');
  const parts = { [relative(root, join(stray, 'index.js'))]: 1, 'src/functions/index.ts': 1 };
  await expect(billOfMaterials([parts])).rejects.toThrow('@x/stray@1.0.0 is in the bundles and not in package-lock');
});

test('a deployment that fails says which Worker it was, and ends', async () => {
  const some = ['--only', 'onetrip-health', '--only', 'onetrip'];
  const failure = await inCopy('deploy-split.ts', '--dry-run', '--not-an-option', ...some).catch(
    (error: Error) => error.message,
  );
  expect(failure).toMatch(/not-an-option.*\nonetrip-[a-z-]+ was not deployed\.$/s);
  expect(failure).not.toContain('onetrip was not deployed');
});

test('a Worker that does not exist is a slip, and nothing is deployed', async () => {
  const only = ['--only', 'onetrip-health', '--only', 'health'];
  const failure = await inCopy('deploy-split.ts', '--dry-run', ...only).catch(({ message }) => message);
  expect(failure).toMatch(/There is no Worker health\.$/);
  expect(failure).not.toContain('✓');
});

test('a secret that no Worker reads is a slip, and nothing is deployed', async () => {
  const file = join(copy, 'secrets.env');
  await writeFile(file, 'DATABASE_URL=postgres://a:b@c/d\nJWT_SECERT=x\n');
  const failure = await inCopy('deploy-split.ts', '--dry-run', '--secrets-file', file).catch(
    (error: Error) => error.message,
  );
  expect(failure).toMatch(/no Worker reads JWT_SECERT\.$/);
});
