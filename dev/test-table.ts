import { readFileSync } from 'node:fs';
import { functions } from '../src/functions/index.ts';

/*
 * Prints which endpoint has how many tests of its own for success and for errors, and how many attacks it stands.
 * From the results of a run: `npx vitest run --project node --reporter=json --outputFile=results.json`, then
 * `node dev/test-table.ts results.json`. A test of errors is one whose code expects a 4xx status, or a refusal.
 */

interface Results {
  testResults: {
    name: string;
    assertionResults: { fullName: string; title: string; status: string; location?: { line: number } }[];
  }[];
}

const { testResults } = JSON.parse(readFileSync(process.argv[2] ?? 'results.json', 'utf8')) as Results;
const passed = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults.filter(({ status }) => status === 'passed').map((test) => ({ file: name, ...test })),
);

/** The source of the `test(…)` that a result came of: by its title, or up to the placeholder in it. */
function isOfErrors(file: string, fullName: string, title: string): boolean {
  if (/refuse|\b4\d\d\b|conflict|404|409|412|422|invalid|may not|needs/i.test(fullName)) return true;
  const source = readFileSync(file, 'utf8');
  const block = source.split(/\n {0,4}test/).find((part) => part.includes(`'${title}'`)) ?? '';
  return /status: 4\d\d|toBe\(4\d\d\)|, 4\d\d/.test(block);
}

console.log('| endpoint | success | errors | attack |');
console.log('|---|---:|---:|---:|');
for (const { definition } of functions) {
  const own = passed.filter(({ file }) => file.endsWith(`/${definition.name}.test.ts`));
  const errors = own.filter(({ file, fullName, title }) => isOfErrors(file, fullName, title)).length;
  const gates = passed.filter(
    ({ file, fullName }) =>
      file.includes('/gates/') && new RegExp(`(^|[ /])${definition.name}([ :.]|$)`).test(fullName),
  );
  const attacks = gates.filter(({ file, title }) => file.includes('isolation') || title.includes('40')).length;
  console.log(`| ${definition.name} | ${own.length - errors} | ${errors} | ${attacks} |`);
}
