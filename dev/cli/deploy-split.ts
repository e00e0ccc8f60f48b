import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, parseEnv } from 'node:util';
import { root } from '../build/bundle.ts';
import { readBaseConfig, SECRET_NAMES } from '../build/configs.ts';
import { buildSplit, type Deployable, readDeployables } from '../build/split.ts';
import { endpoints, splitWorkers } from '../build/workers.ts';
import { run } from '../run.ts';

/*
 * `npm run deploy:split`: builds the split deployment and has wrangler deploy its Workers: the functions first, because a
 * service binding needs its target, and the dispatcher last, so that it never routes to a function that does not exist.
 *   --secrets-file <file>   JSON or NAME=value lines; each Worker gets those of them that its code reads
 *   --only <Worker>         deploys this Worker and not the others; may be repeated
 * All other options, such as `--dry-run`, are passed to `wrangler deploy`.
 */

/** How many deployments run at a time; each is a process of wrangler's. */
const CONCURRENCY = 3;

const dist = join(root, 'dist');

/** @throws Error that names what is not a known secret: a misspelt one would leave the old value in place */
async function readSecrets(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8');
  const secrets = text.trimStart().startsWith('{') ? JSON.parse(text) : parseEnv(text);
  const unknown = Object.keys(secrets).filter((name) => !SECRET_NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`${file}: no Worker reads ${unknown.join(', ')}.`);
  return secrets;
}

/** @throws Error that names what is no Worker of this deployment */
async function checkNames(names: string[]): Promise<void> {
  const workers = splitWorkers((await readBaseConfig()).name, await endpoints());
  const unknown = names.filter((name) => !workers.some((worker) => worker.name === name));
  if (unknown.length > 0) throw new Error(`There is no Worker ${unknown.join(', ')}.`);
}

async function deploy(worker: Deployable, secrets: Record<string, string>, directory: string, args: string[]) {
  const own = Object.entries(secrets).filter(([name]) => worker.secrets.includes(name));
  const file = join(directory, `${worker.name}.json`);
  if (own.length > 0) await writeFile(file, JSON.stringify(Object.fromEntries(own)), { mode: 0o600 });
  const config = join(dist, 'split', worker.name, 'wrangler.json');
  try {
    const secretsFile = own.length > 0 ? ['--secrets-file', file] : [];
    await run('wrangler', ['deploy', '--config', config, ...secretsFile, ...args], { WRANGLER_HIDE_BANNER: 'true' });
  } catch (error) {
    throw new Error(`${(error as Error).message}\n\n${worker.name} was not deployed.`);
  }
  console.log(`✓ ${worker.name}${own.length > 0 ? ` with ${own.map(([name]) => name).join(', ')}` : ''}`);
}

/** Deploys Workers in any order. After a failure no further deployment is started. */
async function deployAll(workers: Deployable[], each: (worker: Deployable) => Promise<void>): Promise<void> {
  const left = [...workers];
  const deployRest = async () => {
    for (let worker = left.shift(); worker; worker = left.shift()) {
      await each(worker).catch((error) => {
        left.length = 0;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, deployRest));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

const directory = await mkdtemp(join(tmpdir(), 'onetrip-deploy-'));
// It holds secrets, so it is removed whatever ends this process.
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
try {
  const { values, tokens } = parseArgs({
    options: { 'secrets-file': { type: 'string' }, only: { type: 'string', multiple: true } },
    strict: false,
    tokens: true,
  });
  const file = values['secrets-file'];
  const ownArguments = tokens.flatMap((token) =>
    token.kind === 'option' && ['secrets-file', 'only'].includes(token.name)
      ? [token.index, ...(token.inlineValue ? [] : [token.index + 1])]
      : [],
  );
  const args = process.argv.slice(2).filter((_, index) => !ownArguments.includes(index));
  const secrets = typeof file === 'string' ? await readSecrets(file) : {};
  const only = (values.only ?? []) as string[];
  await checkNames(only);
  await buildSplit(dist);
  const workers = (await readDeployables(dist)).filter(({ name }) => only.length === 0 || only.includes(name));
  const isDispatcher = ({ kind }: Deployable) => kind === 'dispatcher';
  const each = (worker: Deployable) => deploy(worker, secrets, directory, args);
  await deployAll(
    workers.filter((worker) => !isDispatcher(worker)),
    each,
  );
  await deployAll(workers.filter(isDispatcher), each);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
