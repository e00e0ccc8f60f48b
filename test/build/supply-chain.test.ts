import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';

/* What is installed and run is what was locked: nothing is taken by a range, without a digest, or from elsewhere. */

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

interface Lock {
  packages: Record<string, { integrity?: string; resolved?: string; link?: boolean; hasInstallScript?: boolean }>;
}

/** What is wrong with a package.json and its lock file, each fault with the name of the package. */
function faults(manifest: Manifest, lock: Lock): string[] {
  const { dependencies, devDependencies, optionalDependencies, allowScripts = {} } = manifest;
  const ranges = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name}: ${version} is no exact version`);
  const entries = Object.entries(lock.packages).flatMap(([path, { integrity, resolved, link, hasInstallScript }]) => {
    const name = path.replace(/^.*node_modules\//, '');
    if (path === '') return [];
    return [
      // npm's own; a lock file without addresses takes them from the registry that npm is told to use.
      ...(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/') ? [] : [`from ${resolved}`]),
      ...(link ? ['a link'] : []),
      ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ? [] : ['no sha512 digest']),
      ...(hasInstallScript && !(name in allowScripts) ? ['an install script that allowScripts does not name'] : []),
    ].map((fault) => `${name}: ${fault}`);
  });
  return [...ranges, ...entries];
}

const read = async (...path: string[]) => JSON.parse(await readFile(join(root, ...path), 'utf8'));

/** Directories, from the root of the project, that npm installs something into. */
const installed = globSync(
  ['package-lock.json', '*/package-lock.json', '{.github,packages,test}/*/package-lock.json'],
  {
    cwd: root,
  },
).map((file) => dirname(file));

test('every package is of an exact version and locked with its digest', async () => {
  expect(installed).toEqual(expect.arrayContaining(['.', '.github/tools', 'test/generators']));
  for (const directory of installed) {
    const lock = await read(directory, 'package-lock.json');
    expect(Object.keys(lock.packages).length).toBeGreaterThan(1);
    expect([directory, faults(await read(directory, 'package.json'), lock)]).toEqual([directory, []]);
  }
});

test('each kind of fault is found', () => {
  const integrity = `sha512-${'x'.repeat(86)}==`;
  const manifest = { dependencies: { a: '1.0.0', b: '^1.0.0' }, devDependencies: { c: 'latest' } };
  const packages = {
    '': {},
    'node_modules/a': { integrity, resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' },
    'node_modules/a/node_modules/@x/nested': {},
    'node_modules/b': { integrity, resolved: 'http://registry.localhost:4873/b/-/b-1.0.0.tgz' },
    'node_modules/c': { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' },
    'node_modules/d': { integrity, hasInstallScript: true },
    'node_modules/e': { integrity, link: true },
  };
  expect(faults({ ...manifest, optionalDependencies: { e: 'file:../e' } }, { packages })).toEqual([
    'b: ^1.0.0 is no exact version',
    'c: latest is no exact version',
    'e: file:../e is no exact version',
    '@x/nested: no sha512 digest',
    'b: from http://registry.localhost:4873/b/-/b-1.0.0.tgz',
    'c: no sha512 digest',
    'd: an install script that allowScripts does not name',
    'e: a link',
  ]);
});

test('workflows run actions of one commit, and nothing that npx would fetch', async () => {
  const files = globSync('.github/workflows/*.yml', { cwd: root });
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    const actions = [...text.matchAll(/uses: *(.+)/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^(\.\/|[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d)/);
    expect(text).not.toMatch(/npx (--yes|-y)\b|npm (install|exec|i)\b/);
  }
});

test('Dependabot knows every directory', async () => {
  const text = await readFile(join(root, '.github/dependabot.yml'), 'utf8');
  for (const directory of installed) expect(text).toContain(`- /${directory === '.' ? '' : directory}\n`);
});
