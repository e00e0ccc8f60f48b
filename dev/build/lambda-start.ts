import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { LambdaFunction } from './lambda-function.ts';
import { median } from './median.ts';

/*
 * The part of a cold start that the bundle decides: a new Node process imports the function and has it respond to a first
 * request, which has no token and so needs no database. What comes before (Lambda fetches the zip and starts Node) and
 * after (the first request with a token connects to the database) is not measured. The figures depend on the machine.
 */

/** Rounds. Each starts every function once, so that other load on the machine affects all of them alike. */
const ROUNDS = 5;

/** What the new process runs. */
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
 * @returns by name, the median time in ms from the import to the first response; of the scheduled purge and the deliveries, their import alone
 * @throws Error if the status of a response is not an expected one
 */
export async function measureStart(functions: LambdaFunction[], directory: string): Promise<Map<string, number>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const fn of functions) times.set(fn.name, [...(times.get(fn.name) ?? []), await startOnce(fn, directory)]);
  }
  return new Map([...times].map(([name, list]) => [name, median(list)]));
}

async function startOnce({ name, kind, route }: LambdaFunction, directory: string): Promise<number> {
  const isByEvent = kind === 'scheduled' || kind === 'deliveries';
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
  const args = ['--input-type=module', '--eval', SCRIPT, url, ...(isByEvent ? [] : [JSON.stringify(event)])];
  const env = {
    LOG_LEVEL: 'warn',
    DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
    JWT_SECRET: 'of at least 32 bytes, for nobody to use',
  };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const { ms, status } = JSON.parse(stdout) as { ms: number; status: number };
  // `/ready` finds no database: 503.
  const expected = isByEvent ? [0] : [200, 401, 404, 503];
  if (!expected.includes(status)) throw new Error(`The first response of ${name} is ${status}.`);
  return ms;
}
