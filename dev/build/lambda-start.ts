import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { LambdaFunction } from './lambda-template.ts';

/*
 * What a cold start costs on our side: a fresh Node process imports the function and has it answer a first request, one
 * without a token, so that no database is asked. It leaves out what Lambda does before (fetching the zip, starting Node),
 * and connecting to the database, which the first request with a token does. Absolute figures are this machine's.
 */

/** Rounds: each starts every function once, so that what else the machine does falls upon all of them. */
const ROUNDS = 5;

/** Runs in the fresh process. */
const SCRIPT = `
const [, url, event] = process.argv;
const start = performance.now();
const { handler } = await import(url);
const status = event ? (await handler(JSON.parse(event))).statusCode : 0;
process.stdout.write(JSON.stringify({ ms: performance.now() - start, status }));
process.exit();
`;

/**
 * Starts the functions `<directory>/<name>/index.mjs` again and again.
 * @returns by name, the median time in ms from the import to the first answer; of the scheduled purge, its import alone
 * @throws Error where one does not answer as it should
 */
export async function measureStart(functions: LambdaFunction[], directory: string): Promise<Map<string, number>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const fn of functions) times.set(fn.name, [...(times.get(fn.name) ?? []), await startOnce(fn, directory)]);
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]));
}

async function startOnce({ name, kind, route }: LambdaFunction, directory: string): Promise<number> {
  const url = pathToFileURL(join(directory, name, 'index.mjs')).href;
  const event = {
    version: '2.0',
    rawPath: route?.path ?? '/nowhere',
    rawQueryString: '',
    headers: { host: 'onetrip.test' },
    requestContext: { domainName: 'onetrip.test', http: { method: route?.method ?? 'GET' } },
    body: null,
    isBase64Encoded: false,
  };
  const args = ['--input-type=module', '--eval', SCRIPT, url, ...(kind === 'scheduled' ? [] : [JSON.stringify(event)])];
  const env = {
    LOG_LEVEL: 'warn',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
    JWT_SECRET: 'of at least 32 bytes, for nobody to use',
  };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const { ms, status } = JSON.parse(stdout) as { ms: number; status: number };
  // `/ready` asks the database, and is told that there is none.
  const expected = kind === 'scheduled' ? [0] : [200, 401, 404, 503];
  if (!expected.includes(status)) throw new Error(`${name} answers ${status}.`);
  return ms;
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
}
