import { glob, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { root } from '../../dev/build/bundle.ts';
import { PROBLEMS } from '../../src/problem.ts';
import { ENTRY_CODES } from '../support/entry-codes.ts';

/* The list of codes in docs/api-conventions.md, "Error entries". What tests are answered is held against it in `expectDocumented`. */

/** The places where the code says which rule a member breaks. */
const GIVES_CODE = /(?:\bcode: |\b(?:fault|one|refuse|atFault)\((?:'\w+', )*)(?:[^,'\n]*\? '(\w+)' : )?'(\w+)'/g;

const paths: string[] = [];
for await (const path of glob('src/**/*.ts', { cwd: root })) paths.push(path);
const sources = await Promise.all(paths.map((path) => readFile(`${root}/${path}`, 'utf8')));

test('each is listed once, and stands in the code', () => {
  expect(ENTRY_CODES.length).toBeGreaterThan(40);
  expect(new Set(ENTRY_CODES).size).toBe(ENTRY_CODES.length);
  expect(ENTRY_CODES.filter((code) => !sources.some((source) => source.includes(`'${code}'`)))).toEqual([]);
});

test('each that stands in the code is listed', () => {
  const given = sources.flatMap((source) =>
    [...source.matchAll(GIVES_CODE)].flatMap(([, first, second]) => [first, second]),
  );
  const found = new Set(given.filter((code) => code !== undefined));
  // Codes of whole problems, and of issues within zod.
  const others = [...Object.keys(PROBLEMS), 'custom', 'invalid_type'];
  expect([...found].filter((code) => !ENTRY_CODES.includes(code) && !others.includes(code))).toEqual([]);
});
