import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../build/bundle.ts';
import { buildLambda, DRIVERS } from '../build/lambda.ts';
import { measureStart } from '../build/lambda-start.ts';
import { measure, report } from '../build/report.ts';
import { billOfMaterials } from '../build/sbom.ts';

/*
 * `npm run build:lambda`: all Lambda functions and their template into dist/lambda/, with a report of what is in them
 * (dist/lambda/report.md) and their software bill of materials (dist/lambda/sbom.json).
 *   --driver=pg|neon   how they reach PostgreSQL: over connections (the default), or by Neon's SQL over HTTP
 *   --start            also measures a cold start of each, from its import to its first response
 */

const dist = join(root, 'dist');

try {
  const { values } = parseArgs({ options: { start: { type: 'boolean' }, driver: { type: 'string', default: 'pg' } } });
  const driver = DRIVERS.find((name) => name === values.driver);
  if (!driver) throw new Error(`--driver is ${JSON.stringify(values.driver)}: ${DRIVERS.join(' or ')} is needed.`);
  const functions = await buildLambda(dist, driver);
  const directory = join(dist, 'lambda');
  await writeFile(join(directory, 'sbom.json'), await billOfMaterials(functions.map(({ parts }) => parts)));
  const sizes = await measure(
    functions.map((fn) => ({ ...fn, directory })),
    'index.mjs',
  );
  const text = report(sizes, values.start ? await measureStart(functions, directory) : undefined);
  await writeFile(join(directory, 'report.md'), text);
  console.log(text);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
