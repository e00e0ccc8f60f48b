import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { run } from '../../dev/run.ts';
import { blocksOf, PAGES } from './blocks.ts';

/*
 * What the pages name exists: commands are a shell's, and their scripts, programs, files and options are there; links lead
 * to files and headings. Those that need no account are run by commands.test.ts and deploying.test.ts.
 */

const blocks = (await Promise.all(PAGES.map(blocksOf))).flat();
const shell = blocks.filter(({ language }) => language === 'sh');
const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** All matches of a pattern in the commands, with where they stand. */
function named(pattern: RegExp): { at: string; name: string }[] {
  return shell.flatMap(({ at, text }) => [...text.matchAll(pattern)].map(([, name = '']) => ({ at, name })));
}

const exists = (path: string) =>
  access(join(root, path)).then(
    () => true,
    () => false,
  );

test('every block of commands is a shell’s, and nothing in it but a real redirection looks like one', async () => {
  expect(shell.length).toBeGreaterThan(30);
  const faults = await Promise.all(
    shell.map(({ at, text }) =>
      run('sh', ['-n', '-c', text]).then(
        () => '',
        (error: Error) => `${at}: ${error.message}`,
      ),
    ),
  );
  expect(faults.filter(Boolean)).toEqual([]);
  // `<id>` reads a file of that name.
  expect(named(/(<[a-z][\w -]*>)/g)).toEqual([]);
});

test('npm scripts, programs, files and options are there', async () => {
  const missing = named(/\bnpm (?:run )?(?:--silent )?((?!run|ci|install|--)[\w:-]+)/g).filter(
    ({ name }) => !(name in scripts),
  );
  expect(missing).toEqual([]);
  const files = [
    ...named(/\bnpx (\w+)/g).map(({ at, name }) => ({ at, name: `node_modules/.bin/${name}` })),
    ...named(/(?:bash |--file |-f |--project node )((?:\.ci|db|test)\/[\w./-]+)/g),
  ];
  expect(files.length).toBeGreaterThan(10);
  const found = await Promise.all(files.map(async (one) => ({ ...one, found: await exists(one.name) })));
  expect(found.filter(({ found }) => !found)).toEqual([]);
  const programs: [RegExp, string][] = [
    [/\bnpm run deploy -- (.*)/g, 'node_modules/wrangler/wrangler-dist/cli.js'],
    [/\bnpm run deploy:split -- (.*)/g, 'dev/cli/deploy-options.ts'],
    [/\bnpm run --silent token -- ([^)]*)/g, 'dev/cli/token-options.ts'],
    [/\bnpm run move-tenant -- (.*)/g, 'dev/cli/move-tenant-options.ts'],
    [/\bnpm run bench -- (.*)/g, 'bench/race/options.ts'],
  ];
  for (const [pattern, file] of programs) {
    const source = await readFile(join(root, file), 'utf8');
    const options = named(pattern).flatMap(({ name }) => [...name.matchAll(/--([\w-]+)/g)].map(([, option]) => option));
    expect(options.length, String(pattern)).toBeGreaterThan(0);
    for (const option of options) expect(source, option).toMatch(new RegExp(`\\b${option}["']?: \\{`));
  }
});

test('links lead to files and to headings', async () => {
  const slugs = new Map<string, string[]>();
  const slugsOf = async (file: string) => {
    if (!slugs.has(file)) slugs.set(file, headingSlugs(await readFile(join(root, file), 'utf8')));
    return slugs.get(file) ?? [];
  };
  const dead: string[] = [];
  for (const page of PAGES) {
    const text = (await readFile(join(root, page), 'utf8')).replaceAll(/^ *```.*?^ *```/gms, '');
    for (const [, href = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(href)) continue;
      const [path = '', heading] = href.split('#');
      const target = path ? join(dirname(page), path) : page;
      if (!(await exists(target))) dead.push(`${page}: ${href}`);
      else if (heading && !(await slugsOf(target)).includes(heading)) dead.push(`${page}: ${href}`);
    }
  }
  expect(dead).toEqual([]);
});

/** The ids that GitHub gives to headings. */
function headingSlugs(markdown: string): string[] {
  return [...markdown.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}
